import { relative } from 'node:path';
import { fillRoute } from '../../local-app/check-plan.js';
import type { LocalApp } from '../../local-app/local-app.js';
import { describePolicy } from '../../local-app/function-policy.js';

/** Lines to copy: each HTTP function, called by the first caller who may. */
export function formatCallLines(app: LocalApp): readonly string[] {
  const [sample] = app.callers.flatMap(({ certificate }) => certificate ?? []);
  if (sample === undefined) return [];
  const folder = relative(process.cwd(), sample.pfxFile).replace(/[^/\\]*$/, '');
  const trusted = app.callers.filter(({ isTrusted }) => isTrusted);
  return app.functions
    .filter(({ http }) => http)
    .map((hosted) => {
      const url = `${app.url}${fillRoute(hosted.route ?? '/')}`;
      const server = `--cacert ${folder}gateway.crt.pem`;
      if (describePolicy(hosted) === 'anonymous') return `  certgate call ${url} ${server}`;
      const caller = trusted.find(({ roles }) => describePolicy(hosted) === 'certificate' || roles.length > 0);
      const certificate = `${folder}${caller?.name ?? 'denied'}.pfx`;
      return `  certgate call ${url} --certificate ${certificate} --password-file ${folder}password.txt ${server}`;
    });
}
