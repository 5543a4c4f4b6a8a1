import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { writeDatedCertificate } from '@certgate/x509/test-support/dated-certificates.js';
import type { ExplanationReport } from '../packages/certgate/dist/esm/trust/explanation/explanation-report.js';
import { createAdapterApp, send } from './test-support/adapter-app.js';
import { type Ended, runCertgate, runCertgateHere } from './test-support/certgate.js';
import { makeOpensslCertificate, openssl } from './test-support/openssl.js';

// `trust explain` must give the gate's own answer. For each certificate and function, the tests compare it with what
// the running app answers at the same time with the same document.

const day = 86_400_000;
const fromNow = (days: number): string => new Date(Date.now() + days * day).toISOString().replace(/\.\d+/, '');

const main = `
const { app } = require('@azure/functions');
const { secureApp, trustStoreFrom, allowAnonymous, requireRole, requireAnyRole, reportOnly, observe } = require('@certgate/azure-functions');
const handler = () => ({ body: 'ran' });
secureApp(app, { trustStore: trustStoreFrom(process.env.CERTGATE_TRUST) });
app.http('Closed', { handler });
app.http('Role', { handler: requireRole('operator', requireAnyRole(['reader', 'clerk'], handler)) });
app.http('Trial', { handler: reportOnly(requireRole('operator', handler), { until: '${fromNow(20)}' }) });
app.http('Moving', { authLevel: 'function', handler: observe(requireRole('operator', handler), { until: '${fromNow(20)}' }) });
app.http('Public', { handler: allowAnonymous(handler) });
app.mcpTool('Tool', { toolName: 'tool', description: 'd', toolProperties: [], handler: requireRole('operator', handler) });
app.timer('Tick', { schedule: '0 0 * * * *', handler });
`;

interface Subject {
  readonly file: string | undefined;
  readonly header: string | undefined;
}

let folder: string;
let store: string;
let subjects: Readonly<Record<string, Subject>>;

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'certgate-explain-'));
  const identities: object[] = [];
  const list: Record<string, Subject> = { none: { file: undefined, header: undefined } };
  const add = (name: string, file: string, identity?: object, pin?: object): void => {
    list[name] = { file, header: readFileSync(file, 'utf8').replace(/-----[^-]+-----|\s/g, '') };
    if (identity === undefined) return;
    const pins = [{ thumbprintSha256: hash(file), ...pin }];
    identities.push({ name, roles: ['reader'], pins, ...identity });
  };
  const make = (name: string, extensions?: readonly string[]): string =>
    makeOpensslCertificate(folder, name, 'ec', extensions).certificateFile;
  add('stranger', make('stranger'));
  add('reader', make('reader'), { owner: 'payments team' });
  add('operator', make('operator'), { roles: ['operator', 'reader'] });
  add('half', make('half'), { roles: ['operator'] });
  add('limited', make('limited'), { roles: ['operator', 'reader'], functions: ['role'] });
  add('disabled', make('disabled'), { enabled: false });
  add('pin-now', make('pin-now'), {}, { notBefore: fromNow(-1), notAfter: fromNow(2) });
  add('expired', makeDated('expired', -10, -1), {});
  subjects = list;
  store = join(folder, 'trust.json');
  writeFileSync(store, JSON.stringify({ schemaVersion: 1, revision: 12, identities }));
});

after(() => {
  rmSync(folder, { recursive: true, force: true });
});

function makeDated(name: string, from: number, until: number): string {
  const file = join(folder, `${name}.crt.pem`);
  const [notBefore = '', notAfter = ''] = [from, until].map((days) => fromNow(days).replace(/[-:T]/g, ''));
  writeDatedCertificate(file, {
    keyPath: join(folder, `${name}.key.pem`),
    name: [`CN = ${name}`],
    notBefore,
    notAfter,
    extensions: ['basicConstraints = critical, CA:FALSE'],
  });
  return file;
}

function hash(file: string): string {
  return openssl(['x509', '-in', file, '-noout', '-fingerprint', '-sha256'], folder).split('=')[1]?.trim() ?? '';
}

const run = (subject: string, ...more: string[]): Promise<Ended> => {
  const { file } = subjects[subject] ?? {};
  const who = file === undefined ? ['--no-certificate'] : ['--certificate', file];
  return runCertgateHere(['trust', 'explain', '--store', `file:${store}`, ...who, ...more]);
};

async function explain(subject: string, ...more: string[]): Promise<ExplanationReport> {
  const { exitCode, stdout, stderr } = await run(subject, '--json', ...more);
  assert.ok(stdout.startsWith('{'), stderr);
  const report = JSON.parse(stdout) as ExplanationReport;
  assert.equal(exitCode, { allowed: 0, denied: 1, unverified: 3 }[report.outcome]);
  return report;
}

describe('certgate trust explain', () => {
  // Each denial is tested next to the explanation's code, with a real gate. This test runs the app, and `--app` lets
  // the app say which roles its functions require.
  it('answers as the running app does', async (context) => {
    const app = createAdapterApp(context, { 'src/index.js': main });
    const host = await app.start({ environment: { CERTGATE_TRUST: store } });
    const cases: readonly (readonly [name: string, words: readonly string[], subjects: readonly string[]])[] = [
      // `--function` is enough for a closed function that requires no role. For the others, `--app` names the app,
      // which knows how its functions are registered.
      ['Closed', ['--function', 'Closed'], ['none', 'stranger', 'reader', 'limited', 'expired']],
      ['Role', ['--function', 'ROLE', '--app', app.folder], ['reader', 'operator', 'half', 'limited']],
      ['Trial', ['--function', 'Trial', '--app', app.folder], ['disabled', 'reader', 'limited']],
      ['Public', ['--function', 'Public', '--app', app.folder], ['none', 'disabled']],
    ];
    for (const [name, words, asked] of cases) {
      for (const subject of asked) {
        const header = subjects[subject]?.header;
        const sent = header === undefined ? {} : { 'X-ARR-ClientCert': header };
        const answer = await send(`${host.url}/api/${name}`, sent);
        const report = await explain(subject, ...words);
        const where = `${subject} at ${name}: ${answer.status} ${answer.body}`;
        if (answer.status === 200) {
          assert.equal(answer.body, 'ran', where);
          // Without `--app`, the explanation cannot know the app's front end and its other stores.
          const outcome = words.includes('--app') ? 'allowed' : 'unverified';
          assert.deepEqual([report.outcome, report.status], [outcome, null], where);
          continue;
        }
        const { code, development } = JSON.parse(answer.body) as {
          code: string;
          development: { code: string; detail: string };
        };
        assert.deepEqual(
          [report.outcome, report.status, report.publicCode, report.code, report.detail],
          ['denied', answer.status, code, development.code, development.detail],
          where,
        );
      }
    }
  });

  it('lists every step, even those that the gate did not run', async () => {
    const verdicts = async (subject: string, ...more: string[]): Promise<readonly string[]> => {
      const { steps } = await explain(subject, '--function', 'Closed', ...more);
      return steps.map(({ step, verdict, code }) => `${step} ${verdict}${code === null ? '' : ` ${code}`}`);
    };
    // A pin without an issuer needs no certification path.
    const passed = [
      'certificate-header passed',
      'trust-store passed',
      'client-certificate passed',
      'certificate-verification passed',
      'certification-path not asked',
      'client-identity passed',
    ];
    assert.deepEqual(await verdicts('operator'), [...passed, 'authorization passed']);
    const denied = [...passed, 'authorization denied role_missing'];
    assert.deepEqual(await verdicts('reader', '--requires-role', 'operator'), denied);
    const [header, store, ...others] = await verdicts('disabled');
    assert.deepEqual([header, store], [passed[0], 'trust-store denied identity_disabled']);
    assert.ok(others.length === 5 && others.every((text) => text.endsWith(' not asked')));
  });

  it('requires all the roles that are given', async () => {
    const roles = ['--requires-role', 'operator', '--requires-role', 'reader'];
    assert.equal((await explain('operator', '--function', 'X', ...roles)).outcome, 'unverified');
    assert.equal((await explain('half', '--function', 'X', ...roles)).code, 'role_missing');
  });

  it('shows the identity, when its access ends, and the decision after that', async () => {
    const now = await explain('pin-now', '--function', 'Closed');
    assert.deepEqual(now.identity, {
      name: 'pin-now',
      owner: null,
      roles: ['reader'],
      functions: null,
      matchedBy: 'thumbprintSha256',
    });
    assert.equal(now.revision, 12);
    assert.equal(now.accessEndsAt, now.nextChange?.at);
    assert.deepEqual([now.nextChange?.outcome, now.nextChange?.code], ['denied', 'pin_expired']);
    const then = await explain('pin-now', '--function', 'Closed', '--at', now.nextChange?.at ?? '');
    assert.deepEqual([then.code, then.nextChange], ['pin_expired', null]);
  });

  it('shows a refusal that report-only defers, and when report-only ends', async (context) => {
    const { folder: app } = createAdapterApp(context, { 'src/index.js': main });
    const now = await explain('reader', '--function', 'Trial', '--app', app);
    assert.deepEqual([now.outcome, now.deferred?.code], ['allowed', 'role_missing']);
    assert.deepEqual([now.nextChange?.outcome, now.nextChange?.code], ['denied', 'role_missing']);
    assert.equal(now.steps.at(-1)?.verdict, 'deferred');
    const then = await explain('reader', '--function', 'Trial', '--app', app, '--at', now.nextChange?.at ?? '');
    assert.deepEqual([then.outcome, then.status], ['denied', 403]);
    const { stdout } = await run('reader', '--function', 'Trial', '--app', app);
    assert.match(stdout, /^Allowed, report-only/m);
    assert.match(stdout, /^applies +in apps that have read revision 12; an app with an older one may still refuse$/m);
  });

  it("shows the gate's decision about a call of an observed function, and that the function runs anyway", async (context) => {
    const { folder: app } = createAdapterApp(context, { 'src/index.js': main });
    const { outcome, code, status } = await explain('reader', '--function', 'Moving', '--app', app);
    assert.deepEqual([outcome, code, status], ['denied', 'role_missing', null]);
    const { stdout } = await run('reader', '--function', 'Moving', '--app', app);
    assert.match(stdout, /^Denied, observed: the function runs anyway/m);
    assert.match(stdout, /^the log says +observed, role_missing: /m);
    const then = await explain('reader', '--function', 'Moving', '--app', app, '--at', fromNow(21));
    assert.deepEqual([then.outcome, then.status], ['denied', 403]);
  });

  it('asks the app what the functions in a log require, and skips those that the app no longer has', async (context) => {
    const { folder: app } = createAdapterApp(context, { 'src/index.js': main });
    const line = { certgate: 1, event: 'decision', outcome: 'denied', code: 'role_missing', identity: 'reader' };
    const names = ['Gone', 'Trial', 'Public'];
    const log = join(folder, 'app.log');
    writeFileSync(log, names.map((name) => JSON.stringify({ ...line, function: name })).join('\n'));
    const { stdout } = await runCertgateHere(['trust', 'explain', '--store', store, '--log', log, '--app', app]);
    assert.match(stdout, /^unknown +The app in .* has no function "Gone"\./m);
    assert.match(stdout, /^unknown +As loaded here, the app asks for no certificate at "Public"\./m);
    assert.match(stdout, /trust add reader --to-existing --role operator /);
  });

  it('says what it could not check without the app', async () => {
    const { exitCode, stdout } = await run('reader', '--function', 'Closed');
    assert.equal(exitCode, 3);
    assert.match(stdout, /^Not verified: the document would let the function run/m);
    assert.doesNotMatch(stdout, /^Allowed/m);
    const open = stdout.match(/^not verified .*$/gm)?.join('\n') ?? '';
    assert.match(open, /Which roles the function requires is unknown.*--requires-role.*front end.*other trust stores/s);
    assert.doesNotMatch((await run('reader', '--function', 'X', '--requires-role', 'reader')).stdout, /is unknown/);
  });

  it("uses all stores and revocation lists of the app, with the given document in place of the app's own", async (context) => {
    const words = ['--function', 'Closed', '--app'];
    const create = (trustStore: string, more: Readonly<Record<string, string>> = {}): string => {
      const start = `const { app } = require('@azure/functions');\nconst { secureApp, firstOf, trustStoreFrom, trustStoreFromFile } = require('@certgate/azure-functions');`;
      const main = `${start}\nsecureApp(app, { trustStore: ${trustStore} });\napp.http('Closed', { handler: () => ({}) });`;
      return createAdapterApp(context, { 'src/index.js': main, ...more }).folder;
    };
    const pins = [{ thumbprintSha256: hash(subjects['reader']?.file ?? '') }];
    const other = {
      schemaVersion: 1,
      revision: 1,
      identities: [{ name: 'reader', roles: ['reader'], enabled: false, pins }],
    };
    const both = create(`firstOf(trustStoreFrom(process.env.CERTGATE_TRUST), trustStoreFromFile('other.json'))`, {
      'other.json': JSON.stringify(other),
    });
    const refused = await explain('reader', ...words, both);
    assert.deepEqual([refused.outcome, refused.status, refused.code], ['denied', 401, 'identity_disabled']);
    assert.match(
      (await run('reader', ...words, both)).stdout,
      /^it reads +first of file .*trust\.json, file other\.json$/m,
    );
    // An app that reads only another document decides nothing about this one.
    const elsewhere = create(`trustStoreFromFile('other.json')`, {
      'other.json': JSON.stringify({ ...other, identities: [{ name: 'reader', roles: ['reader'], pins }] }),
    });
    assert.equal((await explain('reader', ...words, elsewhere)).outcome, 'unverified');
    // An app that cannot read one of its documents decides nothing either.
    const lost = create(`firstOf(trustStoreFrom(process.env.CERTGATE_TRUST), trustStoreFromFile('absent.json'))`);
    assert.deepEqual((await explain('reader', ...words, lost)).outcome, 'unverified');
    assert.match((await run('reader', ...words, lost)).stdout, /^not verified +The app, loaded here, did not use/m);
    // The options that the app gives its store apply to this document too.
    const strict = create(`trustStoreFrom(process.env.CERTGATE_TRUST, { minimumRevision: 13 })`);
    const tooOld = await explain('reader', ...words, strict);
    assert.deepEqual([tooOld.outcome, tooOld.code], ['denied', 'trust_unavailable']);
  });

  it('prints a readable text without --json', async () => {
    const { exitCode, stdout, stderr } = await run('reader', '--function', 'Closed', '--requires-role', 'operator');
    assert.equal(exitCode, 1);
    assert.equal(stderr, '');
    assert.match(stdout, /^trust +file:.*, revision 12$/m);
    assert.match(stdout, /^✓ trust-store +"reader", by its thumbprintSha256 pin$/m);
    assert.match(stdout, /^✗ authorization +role_missing: /m);
    assert.match(stdout, /^Denied: the caller gets 403 forbidden\.$/m);
    assert.match(stdout, /^identity +"reader", owner payments team, roles reader/m);
  });

  it('reports a function that no gate covers', async (context) => {
    const open = `const { app } = require('@azure/functions'); app.http('Open', { handler: () => ({}) });`;
    const { folder: app } = createAdapterApp(context, { 'src/index.js': open });
    const report = await explain('disabled', '--function', 'Open', '--app', app);
    assert.deepEqual([report.gate, report.outcome, report.code], ['not-asked', 'allowed', null]);
    assert.ok(report.steps.every(({ verdict }) => verdict === 'not asked'));
    assert.match((await run('none', '--function', 'Open', '--app', app)).stdout, /no gate covers the function/);
  });

  it('explains an MCP tool as it explains an HTTP function', async (context) => {
    const { folder: app } = createAdapterApp(context, { 'src/index.js': main });
    const report = await explain('reader', '--function', 'Tool', '--app', app);
    assert.deepEqual([report.outcome, report.code], ['denied', 'role_missing']);
  });

  it('reads a certificate from standard input, even as a header line', async () => {
    const { header = '' } = subjects['reader'] ?? {};
    const { exitCode, stdout } = await runCertgate(
      ['trust', 'explain', '--store', `file:${store}`, '--certificate', '-', '--function', 'Closed', '--json'],
      { input: `X-ARR-ClientCert: ${header}\n` },
    );
    assert.equal(exitCode, 3);
    assert.equal((JSON.parse(stdout) as ExplanationReport).identity?.name, 'reader');
  });

  it('refuses bad input in one clear line', async (context) => {
    const off = `app.http('Off', { handler });`;
    const settings = JSON.stringify({ IsEncrypted: false, Values: { 'AzureWebJobs.Off.Disabled': 'true' } });
    const { folder: app } = createAdapterApp(context, {
      'src/index.js': `${main}${off}`,
      'local.settings.json': settings,
    });
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [['--function', 'Nope', '--app', app], /no function "Nope".*Closed, Moving, Off, Public, Role, Tool, Trial/s],
      [['--function', 'Tick', '--app', app], /trigger timerTrigger/],
      [['--function', 'Off', '--app', app], /"Off" is disabled/],
      [['--function', 'X', '--app', app, '--requires-role', 'a'], /cannot be used with option '--app <folder>'/],
      [['--function', 'X', '--at', '2027-02-30T00:00:00Z'], /time that exists/],
      [['--function', 'X', '--at', 'tomorrow'], /time that exists/],
      [['--function', 'X', '--requires-role', ' '], /non-empty/],
      [[], /--function/],
    ];
    for (const [words, message] of cases) {
      const { exitCode, stdout, stderr } = await run('reader', ...words);
      assert.equal(exitCode, 2, stderr);
      assert.equal(stdout, '');
      assert.match(stderr, message);
      assert.doesNotMatch(stderr, /\n\s+at /);
    }
    const nobody = await runCertgateHere(['trust', 'explain', '--store', `file:${store}`, '--function', 'X']);
    assert.equal(nobody.exitCode, 2);
    assert.match(nobody.stderr, /--no-certificate/);
  });
});
