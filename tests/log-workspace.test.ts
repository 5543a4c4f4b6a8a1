import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { azuriteFolder, installAzurite } from './test-support/azurite.js';
import { cleanEnvironment, type Ended, inProcess, root, runProgram } from './test-support/certgate.js';
import { LogWorkspaceStandIn } from './test-support/log-workspace.js';
import { refuse } from './test-support/key-vault.js';

// Lines of a Log Analytics workspace: the command line with the real SDK and its default credential. Only the service is a
// stand-in. No live workspace was asked.

const workspace = '4f1d0a2e-7c35-4b7f-8a51-0f4f4a8c2a11';
const until = Date.UTC(2026, 11, 1);

describe('certgate trust explain --workspace', () => {
  const folder = mkdtempSync(join(tmpdir(), 'certgate-workspace-'));
  let service: LogWorkspaceStandIn;
  let environment: NodeJS.ProcessEnv;
  let worker: ChildProcess;

  before(async () => {
    await installAzurite();
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(join(azuriteFolder, 'node_modules', '@azure'), join(folder, 'node_modules', '@azure'), 'junction');
    writeFileSync(join(folder, 'trust.json'), JSON.stringify({ schemaVersion: 1, revision: 1, identities: [] }));
    service = new LogWorkspaceStandIn(folder);
    await service.start();
    environment = { ...cleanEnvironment(), ...service.environment };
    const script = join(folder, 'worker.mjs');
    writeFileSync(
      script,
      `import { runLineInProcess } from ${JSON.stringify(pathToFileURL(inProcess).href)};
       process.on('message', async (args) => process.send(await runLineInProcess(args, process.cwd())));`,
    );
    worker = fork(script, { cwd: folder, env: environment });
  });
  after(() => {
    worker.disconnect();
    service.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const asked = ['--workspace', workspace, '--since', '30d', '--until', new Date(until).toISOString()];
  const words = (...more: readonly string[]): readonly string[] => {
    return ['trust', 'explain', '--store', 'file:trust.json', ...asked, ...more];
  };
  const run = (...more: readonly string[]): Promise<Ended> => runWords(words(...more));
  const runWords = async (given: readonly string[]): Promise<Ended> => {
    const answer = once(worker, 'message');
    worker.send(given);
    const [ended] = (await answer) as [Ended];
    return ended;
  };
  const row = (time: number, id: string): { time: number; message: string } => ({
    time: time + 500,
    message: JSON.stringify({
      ...{ certgate: 1, event: 'decision', time: new Date(time).toISOString(), outcome: 'denied' },
      ...{ code: 'certificate_missing', status: 401, function: id, correlationId: id },
    }),
  });
  const functions = ({ stdout }: Ended): readonly string[] =>
    (JSON.parse(stdout) as { lines: readonly { function: string }[] }).lines.map((line) => line.function);

  it('reads the lines of the time that is asked for, and no others', async () => {
    const times = [until - 31 * 86_400_000, until - 86_400_000, until - 1, until + 1];
    service.rows = times.map((time, index) => row(time, `f${index}`));
    const ended = await run('--json');
    assert.equal(ended.exitCode, 1, ended.stderr);
    assert.deepEqual(functions(ended), ['f1', 'f2']);
    assert.equal(service.queries.length, 2);
    assert.match(service.queries[1] ?? '', /AppTraces[^]*startswith_cs '\{"certgate":'[^]*AppRoleInstance, ItemCount/);
  });

  it('divides the time where the service gives a part of an answer, and names what did not arrive', async () => {
    const minute = 60_000;
    service.rows = Array.from({ length: 10 }, (_, index) => row(until - (index + 1) * minute, `f${index}`));
    service.maximumRows = 3;
    const ended = await run('--json');
    assert.equal(functions(ended).length, 10);
    assert.equal(ended.stderr, '');
    // Five in one millisecond can't be divided.
    service.rows = Array.from({ length: 5 }, (_, index) => row(until - minute, `f${index}`));
    const part = await run('--json');
    assert.equal(functions(part).length, 3);
    assert.match(part.stderr, /workspace 4f1d.*returned only some of the lines from 2026-11-30T23:5.*: PartialError/);
    assert.match(part.stderr, /2 of the 5 lines that it counted did not arrive/);
    service.maximumRows = 500_000;
  });

  it('says what is wrong, and what to do', async () => {
    for (const [answer, message] of [
      [refuse(401, 'InvalidTokenError'), /did not accept the login.*\n.*az account show/],
      [refuse(403, 'InsufficientAccessError'), /may not read the workspace.*\n.*Log Analytics Reader/],
      [refuse(404, 'PathNotFoundError'), /There is no workspace 4f1d.*\n.*customerId/],
      [refuse(504, 'GatewayTimeout'), /did not answer within 10 minutes.*\n.*later --since/],
      [refuse(400, 'BadArgumentError'), /can't be queried: BadArgumentError \(status 400\)/],
    ] as const) {
      service.answer = answer;
      const { exitCode, stderr } = await run();
      assert.equal(exitCode, 2);
      assert.match(stderr, message);
      assert.doesNotMatch(stderr, /\n {4}at |made-up/);
    }
    service.answer = undefined;
    service.rows = [];
    assert.match((await run()).stderr, /no line of Certgate/);
  });

  it('needs a login and the packages', async () => {
    const runAlone = (cwd: string, env: NodeJS.ProcessEnv): Promise<Ended> =>
      runProgram(process.execPath, [join(root, 'packages/certgate/bin/certgate.js'), ...words()], {
        cwd,
        env: { ...environment, ...env },
      });
    const none = { IDENTITY_ENDPOINT: undefined, IDENTITY_HEADER: undefined };
    const noLogin = await runAlone(folder, { ...none, AZURE_TOKEN_CREDENTIALS: 'EnvironmentCredential' });
    assert.match(noLogin.stderr, /no login for Azure.*\n.*az login/);
    const noSdk = await runAlone(root, {});
    assert.match(noSdk.stderr, /npm install --save-dev @azure\/monitor-query-logs@\S+ @azure\/identity@/);
    assert.deepEqual([noLogin.exitCode, noSdk.exitCode], [2, 2]);
  });
});
