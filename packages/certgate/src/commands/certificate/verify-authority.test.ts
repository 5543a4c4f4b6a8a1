import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { copyFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { findValidPath } from '../../certificates/path-report/reported-path.js';
import { createTemporaryFolder, lightenKey, runOpenssl, tryOpenssl } from '../../certificates/test-support/openssl.js';
import { readVerification } from './test-support/read-verification.js';
import { type CommandRun, runCertgate } from './test-support/run-certgate.js';
import type { Verification } from './verify/verification.js';

// The certificates are made with `certgate authority` and `certgate certificate issue`.
describe('certgate certificate verify, with an authority', () => {
  const folder = createTemporaryFolder();
  const run = (...args: readonly string[]): Promise<CommandRun> => runCertgate(args, { cwd: folder.path });
  const inAuthority = (name: string, file: string): string => join(folder.path, '.certgate', 'authorities', name, file);

  async function succeed(...args: readonly string[]): Promise<void> {
    const { exitCode, stdout, stderr } = await run(...args);
    assert.equal(exitCode, 0, stdout + stderr);
  }

  const verify = (file: string, ...more: readonly string[]): Promise<Verification> =>
    readVerification(run('certificate', 'verify', file, '--json', ...more));

  function isValidByOpenssl(leaf: string): boolean {
    const lists = ['corp', 'services'].map((name) =>
      runOpenssl(['crl', '-inform', 'DER', '-in', inAuthority(name, `${name}.crl`)]),
    );
    const { status } = tryOpenssl([
      'verify', '-x509_strict', '-crl_check_all', '-purpose', 'sslclient', '-CRLfile', folder.file('lists', lists.join('')),
      '-CAfile', inAuthority('corp', 'corp.crt.pem'), '-untrusted', inAuthority('services', 'services.crt.pem'),
      folder.file(leaf),
    ]); // prettier-ignore
    return status === 0;
  }

  const issue = (name: string, ...more: readonly string[]): Promise<void> =>
    succeed(
      'certificate', 'issue', name, '--authority', 'services', '--authority-password-file', 'services.password',
      '--password-file', 'caller.password', ...more,
    ); // prettier-ignore

  before(async () => {
    for (const name of ['corp', 'services', 'caller']) folder.file(`${name}.password`, `a password of ${name}\n`);
    await succeed('authority', 'create', 'corp', '--authority-password-file', 'corp.password');
    await succeed(
      'authority', 'create', 'services', '--parent', 'corp', '--parent-password-file', 'corp.password',
      '--authority-password-file', 'services.password', '--permit-dns', 'corp.example',
    ); // prettier-ignore
    lightenKey(inAuthority('services', 'services.key.pem'), 'a password of services');
    await issue('billing', '--dns', 'billing.corp.example');
    await issue('gone');
    await issue('server', '--eku', 'serverAuth', '--dns', 'api.corp.example');
    await succeed(
      ...['authority', 'revoke', 'services', 'gone.crt.pem', '--reason', 'keyCompromise'],
      ...['--authority-password-file', 'services.password'],
    );
  });
  after(() => {
    folder.remove();
  });

  test('checks up to the root, with the lists in the folder, as openssl does', async () => {
    const codes = { billing: null, gone: 'certificate_revoked', server: 'path_extended_key_usage_unsuitable' };
    for (const [name, code] of Object.entries(codes)) {
      const report = await verify(`${name}.crt.pem`, '--authority', 'services');
      assert.deepEqual([report.code, report.revocation], [code, 'required'], report.detail ?? name);
      assert.equal(isValidByOpenssl(`${name}.crt.pem`), code === null, name);
    }
    const { paths } = await verify('billing.crt.pem', '--authority', 'services');
    assert.equal(findValidPath(paths), 'CN=corp → CN=services → CN=billing');
  });

  test('finds no path with only the root, and opens a PFX with its password', async () => {
    assert.equal((await verify('billing.crt.pem', '--authority', 'corp')).code, 'path_not_found');
    const { outcome } = await verify(
      ...(['billing.pfx', '--password-file', 'caller.password', '--authority', 'services'] as const),
    );
    assert.equal(outcome, 'valid');
    const wrong = await run(
      ...['certificate', 'verify', 'billing.pfx', '--password-file', 'corp.password', '--authority', 'services'],
    );
    assert.equal(wrong.exitCode, 2);
  });

  test('never guesses between a file and an authority', async () => {
    copyFileSync(inAuthority('services', 'services.crt.pem'), folder.file('services'));
    const { exitCode, stderr } = await run('certificate', 'verify', 'billing.crt.pem', '--authority', 'services');
    assert.equal(exitCode, 2);
    assert.match(stderr, /services is both a file and an authority in .*\n?.*\.\/services/);
    assert.equal((await verify('billing.crt.pem', '--authority', './services')).revocation, 'off');
    renameSync(folder.file('services'), folder.file('services.pem'));
  });

  test('checks with an authority of a trust document as an app does', async () => {
    const read = (name: string): string => readFileSync(inAuthority(name, `${name}.crt.pem`), 'utf8');
    const crls = ['corp', 'services'].map((name) => `file:${inAuthority(name, `${name}.crl`)}`);
    const corp = {
      name: 'corp',
      trustAnchors: [read('corp')],
      intermediates: [read('services')],
      revocation: { crls },
    };
    writeFileSync(
      folder.file('trust.json'),
      JSON.stringify({ schemaVersion: 1, revision: 3, authorities: [corp], identities: [] }),
    );
    const store = ['--store', 'file:trust.json', '--authority'];
    const valid = await verify('billing.crt.pem', ...store, 'Corp');
    assert.deepEqual([valid.outcome, valid.revocation], ['valid', 'required'], valid.detail ?? '');
    const checks = valid.paths.at(-1)?.checks.filter(({ check }) => check === 'revocation') ?? [];
    assert.deepEqual(
      checks.map(({ revocation }) => revocation.map(({ status }) => status)),
      [['good'], ['good']],
    );
    assert.equal((await verify('gone.crt.pem', ...store, 'corp')).code, 'certificate_revoked');
    // The checks that come before any path have codes of their own, as in the log.
    const server = await verify('server.crt.pem', ...store, 'corp');
    assert.deepEqual([server.code, server.paths], ['certificate_extended_key_usage_unsuitable', []]);
    const late = await verify('billing.crt.pem', ...store, 'corp', '--at', '2060-01-01T00:00:00Z');
    assert.equal(late.code, 'certificate_expired');
    const text = await run('certificate', 'verify', 'server.crt.pem', ...store, 'corp');
    assert.match(text.stdout, /^No path was searched/m);
    for (const denied of [
      {
        issuedBy: 'corp',
        serialNumber: new X509Certificate(readFileSync(join(folder.path, 'billing.crt.pem'))).serialNumber,
      },
      { thumbprintSha256: new X509Certificate(read('services')).fingerprint256 },
    ]) {
      const document = { schemaVersion: 1, revision: 1, authorities: [corp], identities: [], denied: [denied] };
      writeFileSync(folder.file('denying.json'), JSON.stringify(document));
      const { code } = await verify('billing.crt.pem', '--store', 'file:denying.json', '--authority', 'corp');
      assert.equal(code, 'certificate_on_deny_list');
    }
    const unchecked = {
      schemaVersion: 1,
      revision: 1,
      authorities: [{ ...corp, revocation: undefined }],
      identities: [],
    };
    writeFileSync(folder.file('unchecked.json'), JSON.stringify(unchecked));
    const open = ['--store', 'file:unchecked.json', '--authority', 'corp'];
    const advice = (await run('certificate', 'verify', 'billing.crt.pem', ...open)).stdout;
    assert.match(advice, /trust authority add corp --to-existing .*--crl ADDRESS .*--store file:unchecked\.json$/m);
    assert.doesNotMatch(advice, /pass the lists/);
    const unknown = await run('certificate', 'verify', 'billing.crt.pem', ...store, 'acme');
    assert.equal(unknown.exitCode, 2);
    assert.match(unknown.stderr, /no authority "acme"[\s\S]*corp/);
  });

  test("needs --crl for the root's list if the root is kept elsewhere", async () => {
    renameSync(inAuthority('corp', ''), folder.file('kept-elsewhere'));
    assert.ok(!existsSync(inAuthority('corp', '')));
    const missing = await verify('billing.crt.pem', '--authority', 'services');
    assert.equal(missing.code, 'revocation_unavailable');
    const list = ['--crl', join('kept-elsewhere', 'corp.crl')];
    assert.equal((await verify('billing.crt.pem', '--authority', 'services', ...list)).outcome, 'valid');
  });
});
