import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createTemporaryFolder, runOpenssl, tryOpenssl } from '../../certificates/test-support/openssl.js';
import { runCertgate, type CommandRun } from './test-support/run-certgate.js';

const isWindows = process.platform === 'win32';

describe('certgate certificate create', () => {
  const folder = createTemporaryFolder();
  before(() => {
    folder.file('password', 'correct horse 🔑\n');
  });
  after(() => {
    folder.remove();
  });

  const create = (...args: readonly string[]): Promise<CommandRun> =>
    runCertgate(['certificate', 'create', ...args], { cwd: folder.path });
  const pathOf = (name: string): string => join(folder.path, name);

  test('writes the PFX, the certificate and the header value, and prints what to do with them', async () => {
    const { exitCode, stdout, stderr } = await create('billing', '--password-file', 'password');
    assert.equal(exitCode, 0, stderr);
    assert.equal(stderr, '');
    assert.deepEqual(
      readdirSync(folder.path)
        .filter((name) => name !== 'password')
        .sort(),
      ['billing.crt.base64', 'billing.crt.pem', 'billing.pfx'],
    );
    const certificate = new X509Certificate(readFileSync(pathOf('billing.crt.pem')));
    const hex = (fingerprint: string): string => fingerprint.replaceAll(':', '');
    assert.ok(stdout.includes(`thumbprint SHA-256  ${hex(certificate.fingerprint256)}\n`));
    assert.ok(stdout.includes(`thumbprint SHA-1    ${hex(certificate.fingerprint)}\n`));
    assert.match(
      stdout,
      /^ {2}npx --no-install certgate trust add billing --certificate billing\.crt\.pem --reason REASON --store file:trust\.json$/m,
    );
    assert.equal(readFileSync(pathOf('billing.crt.base64'), 'utf8'), `${certificate.raw.toString('base64')}\n`);
    const passwordFile = pathOf('password');
    const opened = runOpenssl(['pkcs12', '-in', pathOf('billing.pfx'), '-passin', `file:${passwordFile}`, '-noenc']);
    if (!isWindows) assert.equal(statSync(pathOf('billing.pfx')).mode & 0o777, 0o600);
    assert.match(opened, /friendlyName: billing/);
    assert.match(opened, /BEGIN PRIVATE KEY/);
  });

  test('writes the key in the clear, readable by its owner only, and one JSON object with --pem --no-pfx --json', async () => {
    const { exitCode, stdout } = await create(
      'orders', '--pem', '--no-pfx', '--json', '--days', '30', '--dns', 'a.example', '--dns', 'b.example',
      '--uri', 'spiffe://example.org/orders', '--email', 'orders@example.org', '--out', 'new/folder',
    ); // prettier-ignore
    assert.equal(exitCode, 0);
    const answer = JSON.parse(stdout) as { files: { key: string; certificate: string }; subject: string; pin: unknown };
    assert.equal(answer.subject, 'CN=orders');
    const keyFile = pathOf(answer.files.key);
    if (!isWindows) assert.equal(statSync(keyFile).mode & 0o777, 0o600);
    assert.ok(!existsSync(pathOf('new/folder/orders.pfx')));
    const text = runOpenssl(['x509', '-noout', '-ext', 'subjectAltName', '-in', pathOf(answer.files.certificate)]);
    assert.match(
      text,
      /DNS:a\.example, DNS:b\.example, URI:spiffe:\/\/example\.org\/orders, email:orders@example\.org/,
    );
  });

  test('accepts --rsa and --compatible, and the password from standard input', async () => {
    for (const [name, size, bits] of [
      ['rsa', [], 3072],
      ['rsa2', ['2048'], 2048],
    ] as const) {
      const args = ['certificate', 'create', name, '--rsa', ...size, '--compatible', '--password-stdin'];
      const { exitCode, stderr } = await runCertgate(args, { cwd: folder.path, input: 'secret\r\n' });
      assert.equal(exitCode, 0, stderr);
      const { text } = tryOpenssl([
        'pkcs12',
        '-in',
        pathOf(`${name}.pfx`),
        '-passin',
        'pass:secret',
        '-info',
        '-noenc',
      ]);
      assert.match(text, /pbeWithSHA1And3-KeyTripleDES-CBC/);
      const certificate = new X509Certificate(readFileSync(pathOf(`${name}.crt.pem`)));
      assert.equal(certificate.publicKey.asymmetricKeyDetails?.modulusLength, bits);
    }
  });

  test('replaces nothing and writes nothing if one file of the set exists', async () => {
    for (const present of ['kept.pfx', 'kept.crt.pem', 'kept.crt.base64']) {
      const out = folder.file('taken');
      mkdirSync(out, { recursive: true });
      folder.file(join('taken', present), 'mine');
      const { exitCode, stdout, stderr } = await create('kept', '--out', 'taken', '--password-file', 'password');
      assert.equal(exitCode, 2);
      assert.equal(stdout, '');
      assert.match(stderr, /already exist: .*Nothing was written/);
      assert.deepEqual(readdirSync(out), [present]);
      assert.equal(readFileSync(join(out, present), 'utf8'), 'mine');
      const forced = await create('kept', '--out', 'taken', '--password-file', 'password', '--force', '--compatible');
      assert.equal(forced.exitCode, 0, forced.stderr);
      assert.equal(readdirSync(out).length, 3);
      assert.notEqual(readFileSync(join(out, present), 'utf8'), 'mine');
      rmSync(out, { recursive: true });
    }
  });

  // On Windows, making a link needs special rights.
  if (!isWindows) {
    test('treats a link that leads nowhere as an existing file', async () => {
      symlinkSync(pathOf('elsewhere'), pathOf('linked.pfx'));
      const { exitCode } = await create('linked', '--password-file', 'password');
      assert.equal(exitCode, 2);
      assert.ok(!existsSync(pathOf('elsewhere')));
    });
  }

  test('leaves nothing behind if it refuses its arguments', async () => {
    folder.file('empty', '\n');
    const withPassword = ['--password-file', 'password'];
    const withoutPfx =
      /^error --(?:password-file|password-stdin|compatible) applies to the PFX, .*the key of --pem is not encrypted/;
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [['../x', ...withPassword], /can't name a certificate/],
      [[...withPassword, '--', '-x'], /can't name a certificate/],
      [['odd'], /needs a password, and there is no terminal/],
      [['odd', '--password-file', 'empty'], /password is empty/],
      [['odd', '--password-stdin'], /password is empty/],
      [['odd', ...withPassword, '--password-stdin'], /cannot be used with/],
      // Nobody should think that such an option protects the key.
      ...[withPassword, ['--password-stdin'], ['--compatible']].map(
        (flags) => [['odd', '--pem', '--no-pfx', ...flags], withoutPfx] as const,
      ),
      [['odd', ...withPassword, '--days', '3651'], /1 to 3650/],
      [['odd', ...withPassword, '--days', '1e3'], /--days/],
      [['odd', ...withPassword, '--rsa', '1024'], /--rsa/],
      [['odd', ...withPassword, '--dns', 'a b'], /not a DNS name/],
      [['odd', ...withPassword, '--no-pfx'], /--pem/],
      [['odd', ...withPassword, '--out', 'password/inside'], /password/],
    ];
    for (const [args, message] of cases) {
      const { exitCode, stderr } = await create(...args);
      assert.equal(exitCode, 2, args.join(' '));
      assert.match(stderr, message);
    }
    const isLeft = (name: string): boolean => name.startsWith('odd') || name.endsWith('.tmp');
    assert.deepEqual(readdirSync(folder.path).filter(isLeft), []);
  });
});
