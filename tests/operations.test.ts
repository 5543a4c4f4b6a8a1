import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, after, before, describe, it } from 'node:test';
import { type AdapterApp, createAdapterApp, readHeader, send } from './test-support/adapter-app.js';
import { cleanEnvironment, type Ended, root, runCertgateHere, runProgram } from './test-support/certgate.js';
import { makeOpensslCertificate, type OpensslCertificate } from './test-support/openssl.js';
import { until } from '@certgate/x509/test-support/until.js';

// Runs every command of docs/operations.md unchanged and in the page's order, in a folder with a trust document, the
// certificates that the page names, and the log lines of an app. The app runs all the time and reads the document.

const page = readFileSync(join(root, 'docs', 'operations.md'), 'utf8').replaceAll('\r\n', '\n');
const tool = join(root, 'packages', 'certgate', 'bin', 'certgate.js');

interface Step {
  /** The heading of the section that has the command. */
  readonly question: string;
  readonly command: string;
}

const steps: readonly Step[] = page.split(/^## /m).flatMap((section) => {
  const question = section.split('\n', 1)[0] ?? '';
  const blocks = [...section.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, code = '']) => code);
  return blocks.flatMap((code) => code.trimEnd().split('\n')).map((command) => ({ question, command }));
});

interface Expectation {
  readonly exitCode?: number;
  /** A pattern for the command's output, in which wrapped lines are joined. */
  readonly says?: RegExp;
  /** The status that the running app must answer to each caller afterwards. */
  readonly answers?: Readonly<Record<string, number>>;
}

/**
 * What to expect of each command, by how the command begins, in the page's order. A command without an entry fails the
 * test.
 */
const expectations: readonly (readonly [string, Expectation])[] = [
  ['export CERTGATE_TRUST=', {}],
  ['certgate trust explain --log ', { exitCode: 1, says: /certificate_not_trusted.*trust rotate billing/ }],
  ['certgate trust rotate billing --certificate billing-2', { answers: { 'billing-2': 200, billing: 200 } }],
  ['certgate trust explain --certificate ', { exitCode: 3, says: /not verified/ }],
  ['certgate trust check --fail-on error', { says: /valid, revision/ }],
  ['certgate trust log', { says: /yearly renewal/ }],
  ['certgate trust restore ', { says: /"imported" / }],
  ['certgate trust restore ', { says: /Restored the content/, answers: { imported: 401, 'billing-2': 200 } }],
  ['certgate trust lock ', { answers: { 'billing-2': 503, warehouse: 503 } }],
  ['certgate trust log', { says: /stolen key/ }],
  ['certgate trust disable billing ', {}],
  ['certgate trust unlock ', { answers: { 'billing-2': 401, warehouse: 200 } }],
  ['certgate trust arrived ', { says: /^Arrived: 1 of the 1 processes .* revocation lists and open connections/ }],
  ['certgate trust rotate billing ', {}],
  ['certgate trust enable billing ', { answers: { billing: 401, 'billing-2': 401, 'billing-3': 200 } }],
  ['certgate trust authority add ', { answers: { warehouse: 200, 'warehouse-2': 200 } }],
  ['certgate certificate verify warehouse-2', { says: /root-2027/ }],
  ['certgate trust authority list', { says: /root-2025/ }],
  ['certgate trust authority remove ', { answers: { warehouse: 401, 'warehouse-2': 200 } }],
  ['certgate trust add partner ', { says: /partner/, answers: { partner: 401 } }],
  ['certgate trust add partner ', { answers: { partner: 200 } }],
  ['certgate trust import --print-template', {}],
  ['certgate trust import --from ', { says: /"depot"/, answers: { depot: 200 } }],
  ['certgate trust log --since ', { says: /contract 17/ }],
  ['certgate trust log --identity billing', { says: /it has a new key/ }],
  ['certgate trust diff ', { exitCode: 1, says: /"partner" / }],
  ['certgate trust usage --log app.log', { says: /warehouse/ }],
  ['certgate trust usage --log app.log --identity billing', { says: /billing/ }],
  [
    'certgate trust diff trust.json proposed.json ',
    { exitCode: 1, says: /"depot": last call by thumbprintSha256 .* Orders; / },
  ],
  ['certgate trust check --within 31d --owner-report', { exitCode: 1, says: /payments team/ }],
  ['for file in renewed/*.crt.pem', { says: /subject=CN ?= ?partner .*"partner"/ }],
  ['certgate trust list --json > ', {}],
  ['certgate trust log --roles --export csv > ', {}],
  ['certgate trust log --export csv > ', {}],
];

let app: AdapterApp;
let url: string;
let correlationId: string;
const certificates = new Map<string, OpensslCertificate>();
const endings: (() => unknown)[] = [];

before(async () => {
  const context = { after: (end: () => unknown) => endings.push(end) } as unknown as TestContext;
  app = createAdapterApp(context, {
    'package.json': '{ "type": "module", "main": "src/index.js" }',
    'src/index.js': `import { app } from '@azure/functions';
import { requireRole, secureApp, trustStoreFrom } from '@certgate/azure-functions';
secureApp(app, { trustStore: trustStoreFrom('trust.json', { refreshIntervalSeconds: 0.05 }) });
app.http('Orders', { handler: requireRole('orders.read', () => ({ body: 'ok' })) });`,
  });
  makeCertificates();
  const reason = ['--reason', 'set-up', '--store', 'trust.json'];
  await prepare('init', ...reason);
  const owner = ['--role', 'orders.read', '--owner', 'payments team'];
  await prepare('add', 'billing', '--certificate', 'billing.crt.pem', ...owner, ...reason);
  await prepare('authority', 'add', 'corp', '--trust-anchor', 'root-2025.crt.pem', '--revocation', 'off', ...reason);
  const named = ['--issued-by', 'corp', '--dns', 'warehouse.corp.example'];
  await prepare('add', 'warehouse', ...named, ...owner, ...reason);
  writeFileSync(join(app.folder, 'callers.csv'), 'name,roles,certificate\ndepot,orders.read,depot.crt.pem\n');
  mkdirSync(join(app.folder, 'renewed'));
  const next = makeCertificate('partner-2', 'partner');
  copyFileSync(next.certificateFile, join(app.folder, 'renewed', 'partner.crt.pem'));
  ({ url } = await app.start());
  assert.equal(await call('billing'), 200);
  const renewed = certificates.get('billing-2') ?? assert.fail();
  const { body } = await send(`${url}/api/Orders`, { 'X-ARR-ClientCert': readHeader(renewed) });
  ({ correlationId } = JSON.parse(body) as { readonly correlationId: string });
  await app.decisions(2);
});
after(async () => {
  for (const end of endings.reverse()) await end();
});

function makeCertificates(): void {
  const authority = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign'];
  const root2025 = makeCertificate('root-2025', 'root-2025', authority);
  const root2027 = makeCertificate('root-2027', 'root-2027', authority);
  copyFileSync(root2027.certificateFile, join(app.folder, 'root-2027.pem'));
  const issued = [
    ...['basicConstraints=critical,CA:FALSE', 'keyUsage=critical,digitalSignature', 'extendedKeyUsage=clientAuth'],
    'subjectAltName=DNS:warehouse.corp.example',
  ];
  makeCertificate('warehouse', 'warehouse', issued, root2025);
  makeCertificate('warehouse-2', 'warehouse', issued, root2027);
  for (const name of ['billing', 'billing-2', 'billing-3']) makeCertificate(name, 'billing');
  for (const name of ['partner', 'imported', 'depot']) makeCertificate(name, name);
}

/** Makes the certificate in a folder of its own, because several certificates are for the same subject. */
function makeCertificate(
  name: string,
  subject: string,
  extensions?: readonly string[],
  issuer?: OpensslCertificate,
): OpensslCertificate {
  const folder = join(app.folder, 'made', name);
  mkdirSync(folder, { recursive: true });
  const certificate = makeOpensslCertificate(folder, subject, 'ec', extensions, issuer);
  copyFileSync(certificate.certificateFile, join(app.folder, `${name}.crt.pem`));
  certificates.set(name, certificate);
  return certificate;
}

async function prepare(...args: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await runCertgateHere(['trust', ...args], app.folder);
  assert.equal(exitCode, 0, stderr);
}

/** Writes the app's lines as an export of Application Insights, which names the app and its instance. */
function writeLog(): void {
  const origin = { itemCount: 1, cloud_RoleName: 'orders', cloud_RoleInstance: 'one' };
  const rows = app.logs.map(({ message }) => `${JSON.stringify({ message, ...origin })}\n`);
  writeFileSync(join(app.folder, 'app.log'), rows.join(''));
}

async function call(name: string): Promise<number> {
  const certificate = certificates.get(name);
  assert.ok(certificate !== undefined, name);
  return (await send(`${url}/api/Orders`, { 'X-ARR-ClientCert': readHeader(certificate) })).status;
}

/** Makes the changes in the folder that a command of the page assumes. */
async function happenBefore(command: string): Promise<void> {
  if (command.includes(' --log app.log')) writeLog();
  if (command.includes(' proposed.json ')) propose();
  if (!command.startsWith('certgate trust restore ') || !command.includes('--dry-run')) return;
  copyFileSync(join(app.folder, 'trust.json'), join(app.folder, 'yesterday.json'));
  const roles = ['--role', 'orders.read', '--reason', 'import', '--store', 'trust.json'];
  await prepare('add', 'imported', '--certificate', 'imported.crt.pem', ...roles);
}

/** Writes the document of a colleague who proposes to remove the caller depot. */
function propose(): void {
  const document = JSON.parse(readFileSync(join(app.folder, 'trust.json'), 'utf8')) as {
    readonly revision: number;
    readonly identities: readonly { readonly name: string }[];
  };
  const identities = document.identities.filter(({ name }) => name !== 'depot');
  const proposed = { ...document, revision: document.revision + 1, identities };
  writeFileSync(join(app.folder, 'proposed.json'), JSON.stringify(proposed));
}

/** Runs a command as a user types it. Fills in the values that the page cannot know. */
function run(command: string): Promise<Ended> {
  const { fingerprint256 } = new X509Certificate(readFileSync(join(app.folder, 'root-2025.crt.pem')));
  const code = command
    .replace('c5d4702f-931f-46df-aaea-a764834bf463', correlationId)
    .replace('85EF26A1', fingerprint256.replaceAll(':', '').slice(0, 8));
  const shell = `certgate() { "${process.execPath}" "${tool}" "$@"; }\n${code}`;
  const env = { ...cleanEnvironment(), CERTGATE_TRUST: 'trust.json' };
  return runProgram('sh', ['-eu', '-c', shell], { cwd: app.folder, env });
}

describe('docs/operations.md', () => {
  it('has exactly the commands that are expected here, in this order', () => {
    assert.deepEqual(
      steps.map(({ command }, index) => {
        const [start = ''] = expectations[index] ?? [];
        return command.startsWith(start) && start !== '' ? start : command;
      }),
      expectations.map(([start]) => start),
    );
  });

  for (const [index, { question, command }] of steps.entries()) {
    it(`${question}: ${command}`, async () => {
      const [, expected = {}] = expectations[index] ?? [];
      await happenBefore(command);
      const { exitCode, stdout, stderr } = await run(command);
      assert.equal(exitCode, expected.exitCode ?? 0, stdout + stderr);
      if (expected.says !== undefined) assert.match((stdout + stderr).replaceAll(/\s+/g, ' '), expected.says);
      for (const [name, status] of Object.entries(expected.answers ?? {})) {
        let last = 0;
        await until(async () => (last = await call(name)) === status).catch(() => undefined);
        assert.equal(last, status, `${name} after ${command}`);
      }
    });
  }
});
