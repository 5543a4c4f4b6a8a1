import { dirname, join, relative } from 'node:path';
import type { HostedFunction } from '../../functions-host/functions-host.js';
import { chooseMethod, expectStatus, fillRoute } from '../../local-app/check-plan.js';
import type { Caller } from '../../local-app/development-callers.js';
import type { LocalApp } from '../../local-app/local-app.js';

/** Lines to copy: each HTTP function, called by the first caller who may. */
export function formatCallLines(app: LocalApp): readonly string[] {
  const [sample] = app.callers.flatMap(({ certificate }) => certificate ?? []);
  if (sample === undefined) return [];
  const folder = relative(process.cwd(), dirname(sample.pfxFile));
  return app.functions.filter(({ http }) => http).flatMap((hosted) => formatCallLine(app, hosted, folder));
}

function formatCallLine(app: LocalApp, hosted: HostedFunction, folder: string): readonly string[] {
  const caller = app.callers.find((each) => expectStatus(hosted, each) === 200);
  // With a trust document of somebody's own, nobody here may call a closed function.
  if (caller === undefined) return [];
  const method = chooseMethod(hosted.methods);
  const words = [
    `  npx --no-install certgate call ${app.url}${fillRoute(hosted.route ?? '/')}`,
    ...(method === 'GET' ? [] : [`--request ${method}`]),
    ...describeIdentity(caller, folder),
    `--cacert ${quotePath(join(folder, 'gateway.crt.pem'))}`,
  ];
  return [words.join(' ')];
}

function describeIdentity({ name, certificate }: Caller, folder: string): readonly string[] {
  if (certificate === undefined) return [];
  const [pfxFile, passwordFile] = [`${name}.pfx`, 'password.txt'].map((file) => quotePath(join(folder, file)));
  return [`--certificate ${pfxFile}`, `--password-file ${passwordFile}`];
}

/** Double quotes are what POSIX shells, PowerShell and cmd have in common. */
function quotePath(path: string): string {
  return /^[\w./\\:+-]+$/.test(path) ? path : `"${path}"`;
}
