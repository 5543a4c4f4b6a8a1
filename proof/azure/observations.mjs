// Observes a deployed app: runs doctor in each client certificate mode, and makes calls of its own.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sendWireRequest } from '../../packages/certgate/dist/esm/local/client/wire-request.js';
import { certgate } from './deployment.mjs';
import { Stop } from './programs.mjs';
import { modes } from './questions.mjs';

/** Writes each observation into `seen` at once, so that a later failure doesn't lose it. */
export async function observeApp({ deployment, folder, packages, seen }) {
  const { programs, waits } = deployment;
  const url = deployment.outputs.SERVICE_API_URI.value;
  const callAllowed = (more = [], path = '/api/SecuredFunction') =>
    callAs(programs, folder, [`${url}${path}`, ...more]);
  const send = (to, target) => sendNothing(programs, to, target);

  /**
   * Calls until `isDone` is true of the answer, because the app has to start, and its role for the document may take
   * minutes.
   */
  const callUntil = async (isDone, ...words) => {
    for (let left = waits.tries; ; left -= 1) {
      const answer = await callAllowed(...words);
      if (isDone(answer) || programs.dryRun || left <= 1) return answer;
      await programs.pause(waits.pause);
    }
  };
  const isAdmitted = async () => programs.dryRun || (await callUntil(({ status }) => status === 200)).status === 200;

  if (!(await isAdmitted())) throw new Stop('the allowed caller was not admitted in time');
  for (const mode of modes) {
    const kept = await deployment.setSite('clientCertEnabled=true', `clientCertMode=${mode}`);
    seen.modes[mode] = { mode, kept };
    seen.modes[mode].isAdmitted = await isAdmitted();
    seen.modes[mode].report = await examine(programs, folder, url, mode);
    if (mode !== 'OptionalInteractiveUser') continue;
    seen.modes[mode].browserStatus = (await callAllowed(['--header', 'User-Agent: Mozilla/5.0'])).status;
  }

  await deployment.setSite('clientCertMode=Required', 'clientCertExclusionPaths=/api/PublicFunction');
  const ask = async (target) => (await send(url, target))?.status;
  seen.exclusion = {
    excluded: await ask('/api/PublicFunction'),
    closed: await ask('/api/SecuredFunction'),
    dotted: await ask('/api/PublicFunction/../SecuredFunction'),
  };
  const kept = await deployment.setSite('clientCertMode=Required', 'clientCertExclusionPaths=');
  // Only host names of App Service lead to an SCM site.
  const scm = url.endsWith('.azurewebsites.net') ? await send(url.replace('.', '.scm.'), '/') : undefined;
  seen.scm = { kept, asks: scm?.tls?.requestsCertificate, status: scm?.status };

  await deployment.deployPackage(packages.mcp);
  // Until the new package runs, the app has no such path, and answers with an error.
  const isThere = ({ status }) => status < 400;
  const { status, code, mcp } = await callUntil(isThere, ['--mcp-tool', 'proof'], '');
  const hasRun = mcp?.result?.isError !== true && JSON.stringify(mcp?.result?.content ?? '').includes('admitted');
  seen.mcp = { status, code, hasRun, isAdmittedByHttp: (await callAllowed()).status === 200 };
}

async function examine(programs, folder, url, mode) {
  const files = ['allowed', 'denied'].flatMap((name) => [
    ...[`--${name}`, `${name}.crt.pem`],
    ...[`--${name}-key`, `${name}.key.pem`],
  ]);
  const open = mode === 'Required' ? [] : ['--public-function', 'PublicFunction'];
  const options = ['--function', 'SecuredFunction', ...open, '--with-large-body', '--i-operate-this'];
  const words = ['doctor', url, ...files, ...options, '--report', 'report.json'];
  const step = `Probing the app in mode ${mode}`;
  await programs.run(step, [...certgate, ...words], { cwd: folder, expected: [0, 1, 3] });
  return programs.dryRun ? undefined : JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8'));
}

/** The JSON that `certgate call --json` prints, or an empty object if there was no answer. */
async function callAs(programs, folder, words) {
  const files = ['--certificate', 'allowed.crt.pem', '--key', 'allowed.key.pem', '--json'];
  const call = [...certgate, 'call', ...words, ...files];
  const { stdout } = await programs.run('Calling as the allowed caller', call, { cwd: folder, expected: [0, 1] });
  return stdout.startsWith('{') ? JSON.parse(stdout) : {};
}

/**
 * Sends a request without a certificate. Its path is sent as it is, without the changes that HTTP clients make to it.
 */
async function sendNothing(programs, url, target) {
  programs.note('Calling as nobody', `GET ${url}${target}`);
  if (programs.dryRun) return undefined;
  const fields = [['User-Agent', 'certgate-proof']];
  return sendWireRequest({ url: new URL(url), method: 'GET', fields, target, timeoutMilliseconds: 30_000 });
}
