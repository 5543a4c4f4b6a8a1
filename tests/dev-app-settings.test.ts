import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { startLocalApp } from 'certgate';
import { createApp } from './test-support/app-inspection.js';
import { type Ended, runCertgateHere } from './test-support/certgate.js';
import { addDevelopmentFiles } from './test-support/development-files.js';

interface DevReport {
  readonly gateway: { readonly frontEnd: string };
  readonly trust: { readonly source: string };
  readonly notes: readonly string[];
  readonly settingWarnings: readonly string[];
  readonly functions: readonly { readonly name: string; readonly disabled?: boolean }[];
  readonly checks: readonly {
    readonly function: string;
    readonly caller: string;
    readonly status: number;
    readonly ok: boolean;
  }[];
}

const secret = 'a-secret-of-the-front-end-0123456789';

interface AppParts {
  readonly main: string;
  readonly Values?: Readonly<Record<string, string>>;
  readonly hostJson?: object;
}

async function makeApp(context: TestContext, { main, Values = {}, hostJson = {} }: AppParts): Promise<string> {
  const folder = createApp(context, main, {
    'host.json': JSON.stringify({ version: '2.0', ...hostJson }),
    'local.settings.json': JSON.stringify({ IsEncrypted: false, Host: { CORS: '*' }, Values }),
  });
  await addDevelopmentFiles(folder);
  return folder;
}

const check = (folder: string, ...more: string[]): Promise<Ended> =>
  runCertgateHere(['dev', folder, '--once', ...more]);

describe('certgate dev, for an app whose code and settings describe its front end and trust', () => {
  it('plays the front end that only the code names, with the secret from the setting that the code reads', async (context) => {
    const main = `secure({ frontEnd: 'nginx', frontEndSecret: process.env.MINE }); app.http('Closed', { handler });`;
    const folder = await makeApp(context, { main, Values: { MINE: secret } });
    const { exitCode, stdout, stderr } = await check(folder, '--json', '--call', 'Closed');
    assert.equal(exitCode, 0, stderr);
    const { gateway, checks } = JSON.parse(stdout) as DevReport;
    assert.equal(gateway.frontEnd, 'nginx');
    assert.deepEqual(
      checks.map(({ caller, status }) => [caller, status]),
      [
        ['none', 401],
        ['denied', 401],
        ['allowed', 200],
      ],
    );
    const app = await startLocalApp({ folder, callers: { billing: {} } });
    context.after(() => app.close());
    assert.equal((await app.callAs('billing', '/api/Closed')).status, 200);
    assert.equal((await app.callAs('denied', '/api/Closed')).status, 401);
  });

  const refused: readonly (readonly [what: string, parts: AppParts, words: RegExp])[] = [
    [
      'another front end in CERTGATE_FRONT_END than in code',
      { main: `secure({ frontEnd: 'nginx' });`, Values: { CERTGATE_FRONT_END: 'haproxy' } },
      /code names the front end nginx, but the app setting CERTGATE_FRONT_END names haproxy\./,
    ],
    [
      'a secret that no app setting has',
      { main: `secure({ frontEnd: 'nginx', frontEndSecret: ['${secret}', '${secret}b'] });` },
      /secret of the front end nginx from elsewhere than an app setting/,
    ],
  ];
  for (const [what, parts, words] of refused) {
    it(`does not start with ${what}`, async (context) => {
      const folder = await makeApp(context, { ...parts, main: `${parts.main} app.http('Closed', { handler });` });
      const { exitCode, stdout, stderr } = await check(folder);
      assert.deepEqual([exitCode, stdout], [2, ''], stderr);
      assert.match(stderr, words);
      assert.ok(!stderr.includes(secret));
    });
  }

  it('skips disabled functions, and names ignored settings, a mistyped setting, and what streaming hides', async (context) => {
    const until = new Date(Date.now() + 86_400_000).toISOString();
    const folder = await makeApp(context, {
      main: `
        secure({ trustStore: firstOf(trustStoreFrom(process.env.CERTGATE_TRUST), trustStoreFromFile('other.json')) });
        app.setup({ enableHttpStream: true });
        app.http('Closed', { handler });
        app.http('Off', { handler });
        app.http('Watched', { authLevel: 'function', handler: observe(handler, { until: '${until}' }) });`,
      Values: { 'AzureWebJobs.Off.Disabled': 'true', CERTGATE_TRSUT: 'trust.json' },
      hostJson: { functionTimeout: '00:05:00', extensions: { http: { customHeaders: { 'x-a': 'b' } } } },
    });
    writeFileSync(join(folder, 'other.json'), '{ "schemaVersion": 1, "revision": 9, "identities": [] }');
    const { exitCode, stdout, stderr } = await check(folder);
    assert.equal(exitCode, 0, stderr);
    assert.match(stdout, /Disabled by app settings .*: Off$/m);
    assert.match(stdout, /│ Off +│ nobody: disabled +│ not called +│ not called +│/);
    assert.match(stdout, /All 2 verdicts are as expected/);
    assert.match(stdout, /^trust documents of firstOf/m);
    assert.match(stdout, /^ +file .*trust\.json, revision \d+$/m);
    assert.match(stdout, /^ +file other\.json, revision 9$/m);
    assert.match(stderr, /^Ignored by this local host: functionTimeout, customHeaders of host\.json; Host\.CORS of/m);
    assert.match(stderr, /does not know the app setting CERTGATE_TRSUT\. Did you mean CERTGATE_TRUST\?/);
    assert.match(stderr, /HTTP streaming is on, so the log lines of observed functions \(Watched\) don't name the key/);
    const called = await check(folder, '--call', 'off');
    assert.equal(called.exitCode, 2);
    assert.match(called.stderr, /--call names "Off", which is disabled/);
    const inspected = await runCertgateHere(['app', 'inspect', folder, '--write-baseline']);
    assert.equal(inspected.exitCode, 0, inspected.stderr);
    assert.match(inspected.stdout, /Off .* disabled; else allowed certificates/);
    assert.match(inspected.stderr, /CERTGATE_TRSUT[^]*Watched|Watched[^]*CERTGATE_TRSUT/);
    writeFileSync(join(folder, 'local.settings.json'), '{}');
    assert.equal(
      (await runCertgateHere(['app', 'inspect', folder])).exitCode,
      0,
      'a disabled function is not a difference',
    );
  });
});
