import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { root, runCertgateHere, sampleFolder } from './test-support/certgate.js';
import { listFiles, listKeptByGit, listPackedByAzd, listPackedByCoreTools } from './test-support/deployed-files.js';
import { openssl } from './test-support/openssl.js';

// After `certgate init`, commits and deployments leave out the secrets, and include what the app needs.

/**
 * Files with secrets that Certgate writes into an app's folder, or that its documentation tells people to put there.
 */
const secrets = [
  'billing.pfx',
  'billing.key.pem',
  'certificates/orders.pfx',
  'certificates/orders.key.pem',
  'authorities/corp/corp.key.pem',
  'corp.password',
  'password.txt',
  'certificates/password.txt',
  'signing.key.pem',
  'trust.json.log.jsonl',
  'caller.p12',
  'legacy.key',
  '.certgate/allowed.pfx',
  '.certgate/trust.json',
];
/** Files that the deployed app reads or serves, and files of its code. */
const needed = [
  'host.json',
  'package.json',
  'dist/src/index.js',
  'dist/src/functions/password.js',
  'dist/src/functions/key.js',
  'node_modules/library/password.js',
  'trust.json',
  'trust.json.sig',
  'signing.public.pem',
  'billing.crt.pem',
  'authorities/corp/corp.crt.pem',
  'authorities/corp/corp.crl',
];

let temporary: string;
let app: string;
/** The stderr of the commands that made the keys. */
let warnings: Readonly<Record<'billing' | 'orders' | 'corp', string>>;

before(async () => {
  temporary = mkdtempSync(join(tmpdir(), 'certgate-secrets-'));
  app = join(temporary, 'app');
  copyApp(join(root, 'tests', 'apps', 'vscode'));
  // The file that `func init` writes for TypeScript.
  writeFileSync(
    join(app, '.funcignore'),
    '*.js.map\n*.ts\n.git*\n.vscode\nlocal.settings.json\ntest\ngetting_started.md\nnode_modules/@types/\n',
  );
  writeFileSync(join(app, '.gitignore'), 'node_modules\ndist\nlocal.settings.json\n');
  await expectCertgate('init', '.', '--yes');
  for (const [path, content] of [
    ['corp.password', 'correct horse battery'],
    ['password.txt', 'battery staple'],
    ['certificates/password.txt', 'battery staple'],
    ['caller.p12', ''],
    ['legacy.key', ''],
    ['.certgate/allowed.pfx', ''],
    ['.certgate/trust.json', ''],
    ['dist/src/index.js', ''],
    ['dist/src/functions/password.js', ''],
    ['dist/src/functions/key.js', ''],
    ['node_modules/library/password.js', ''],
  ] as const) {
    mkdirSync(dirname(join(app, path)), { recursive: true });
    writeFileSync(join(app, path), content);
  }
  openssl(['genpkey', '-algorithm', 'ed25519', '-out', 'signing.key.pem'], app);
  openssl(['pkey', '-in', 'signing.key.pem', '-pubout', '-out', 'signing.public.pem'], app);
  const store = ['--store', 'file:trust.json', '--reason', 'a test', '--signing-key', 'signing.key.pem'];
  const ofAuthority = ['--authority-password-file', 'corp.password'];
  const [billing, orders, corp] = await Promise.all([
    expectCertgate('certificate', 'create', 'billing', '--pem', '--password-file', 'password.txt'),
    expectCertgate(
      ...['certificate', 'create', 'orders', '--pem', '--out', 'certificates', '--password-file', 'password.txt'],
    ),
    expectCertgate('authority', 'create', 'corp', '--folder', 'authorities', ...ofAuthority),
    expectCertgate('trust', 'init', ...store),
  ]);
  warnings = { billing, orders, corp };
});
after(() => {
  rmSync(temporary, { recursive: true, force: true });
});

/** Copies an app without its installed packages, build output and development files. */
function copyApp(from: string): void {
  cpSync(from, app, { recursive: true, filter: (source) => !/[\\/](?:node_modules|dist|\.certgate)$/.test(source) });
}

async function expectCertgate(...args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runCertgateHere(args, app);
  assert.equal(exitCode, 0, stdout + stderr);
  return stderr;
}

describe('an app after certgate init', () => {
  it('contains all the files that these tests ask about', () => {
    const files = listFiles(app);
    for (const path of [...secrets, ...needed]) assert.ok(files.includes(path), path);
  });

  for (const [reader, list] of [
    ['Core Tools', listPackedByCoreTools],
    ['VS Code and azd', listPackedByAzd],
  ] as const) {
    it(`is deployed by ${reader} without its secrets, and with what it needs`, () => {
      const deployed = list(app);
      assert.deepEqual(
        secrets.filter((path) => deployed.includes(path)),
        [],
      );
      assert.deepEqual(
        needed.filter((path) => !deployed.includes(path)),
        [],
      );
    });
  }

  it('is committed without its secrets, and with every source file that it needs', () => {
    const committed = listKeptByGit(app, '.gitignore');
    assert.deepEqual(
      secrets.filter((path) => committed.includes(path)),
      [],
    );
    const sources = needed.filter((path) => !/^(?:dist|node_modules)\//.test(path));
    assert.deepEqual(
      sources.filter((path) => !committed.includes(path)),
      [],
    );
  });

  it('gets the same lines in its ignore files as the sample has', () => {
    for (const file of ['.gitignore', '.funcignore']) {
      const added = readFileSync(join(app, file), 'utf8').split('# Private keys')[1];
      assert.equal(readFileSync(join(sampleFolder, file), 'utf8').split('# Private keys')[1], added, file);
    }
  });
});

describe('a command that makes a private key', () => {
  it('warns in a function app, also below its root, and names a better place', async () => {
    for (const [said, file] of [
      [warnings.billing, 'billing.pfx'],
      [warnings.billing, 'billing.key.pem'],
      [warnings.orders, 'certificates/orders.pfx'],
      [warnings.corp, 'authorities/corp/corp.key.pem'],
    ] as const) {
      assert.ok(
        said.replaceAll('\\', '/').includes(`warning ${file} holds a private key and is in the function app`),
        said,
      );
    }
    assert.match(warnings.billing, /\.certgate\/ by --out \.certgate/);
    assert.match(warnings.corp, /\.certgate\/ by --folder \.certgate\/authorities/);
    const authority = ['--authority', 'corp', '--folder', 'authorities', '--authority-password-file', 'corp.password'];
    const issued = ['certificate', 'issue', 'shipping', ...authority, '--password-file', 'password.txt'];
    assert.match(await expectCertgate(...issued), /^warning .*shipping\.pfx/);
  });

  it('does not warn about keys in .certgate', async () => {
    const create = ['certificate', 'create', 'orders', '--password-file', 'password.txt', '--out', '.certgate/callers'];
    assert.equal(await expectCertgate(...create), '');
  });
});
