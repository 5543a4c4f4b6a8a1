import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  createTemporaryFolder,
  lightenKey,
  makeOpensslPair,
  runOpenssl,
  tryOpenssl,
} from '../../certificates/test-support/openssl.js';
import { runCertgate, type CommandRun } from '../certificate/test-support/run-certgate.js';

const isWindows = process.platform === 'win32';

interface Register {
  readonly list: { readonly number: number };
  readonly issued: readonly { readonly serialNumber: string; readonly subject: string }[];
  readonly revoked: readonly { readonly serialNumber: string; readonly reason: string }[];
}

describe('an authority on the command line', () => {
  const folder = createTemporaryFolder();
  const run = (...args: readonly string[]): Promise<CommandRun> => runCertgate(args, { cwd: folder.path });
  const pathOf = (...names: readonly string[]): string => join(folder.path, ...names);
  const inAuthority = (name: string, file: string): string => pathOf('.certgate', 'authorities', name, file);
  const readRegister = (name: string): Register =>
    JSON.parse(readFileSync(inAuthority(name, 'register.json'), 'utf8')) as Register;
  const issue = (name: string, ...args: readonly string[]): Promise<CommandRun> =>
    run(
      'certificate', 'issue', name, '--authority', 'services', '--authority-password-file', 'services.password',
      '--pem', '--no-pfx', ...args,
    ); // prettier-ignore
  const revoke = (what: string, ...args: readonly string[]): Promise<CommandRun> =>
    run('authority', 'revoke', 'services', what, '--authority-password-file', 'services.password', ...args);

  const passwords = { corp: 'correct horse battery', services: 'Grüße an alle 🔑' };

  async function expect(exitCode: number, running: Promise<CommandRun>, message?: RegExp): Promise<CommandRun> {
    const ended = await running;
    assert.equal(ended.exitCode, exitCode, ended.stdout + ended.stderr);
    if (message !== undefined) assert.match(exitCode === 0 ? ended.stdout : ended.stderr, message);
    return ended;
  }

  /** Verifies a leaf strictly with openssl, as a TLS client, with the revocation lists of both authorities. */
  function verify(leaf: string): { readonly status: number | null; readonly text: string } {
    const lists = ['corp', 'services'].map((name) =>
      runOpenssl(['crl', '-inform', 'DER', '-in', inAuthority(name, `${name}.crl`)]),
    );
    return tryOpenssl([
      'verify', '-x509_strict', '-crl_check_all', '-purpose', 'sslclient', '-CRLfile', folder.file('lists', lists.join('')),
      '-CAfile', inAuthority('corp', 'corp.crt.pem'), '-untrusted', inAuthority('services', 'services.crt.pem'), pathOf(leaf),
    ]); // prettier-ignore
  }

  before(async () => {
    for (const [name, password] of Object.entries(passwords)) folder.file(`${name}.password`, `${password}\n`);
    folder.file('short.password', 'elevenchars\n');
    folder.file('wrong.password', 'correct horse batterY\n');
    await expect(0, run('authority', 'create', 'corp', '--authority-password-file', 'corp.password'));
    await expect(
      0,
      run(
        'authority', 'create', 'services', '--parent', 'corp', '--parent-password-file', 'corp.password',
        '--authority-password-file', 'services.password', '--permit-uri', 'corp.example', '--json',
      ),
    ); // prettier-ignore
  });
  after(() => {
    folder.remove();
  });

  test('has a key that is encrypted and that openssl opens with its password, and its files are readable by their owner only', () => {
    for (const [name, password] of [
      ['corp', 'corp.password'],
      ['services', 'services.password'],
    ] as const) {
      const key = inAuthority(name, `${name}.key.pem`);
      assert.match(readFileSync(key, 'utf8'), /^-----BEGIN ENCRYPTED PRIVATE KEY-----/);
      const shape = runOpenssl(['asn1parse', '-in', key]);
      assert.match(shape, /PBES2[\s\S]*PBKDF2[\s\S]*INTEGER +:0927C0[\s\S]*hmacWithSHA256[\s\S]*aes-256-cbc/);
      const publicKey = runOpenssl(['pkey', '-in', key, '-passin', `file:${pathOf(password)}`, '-pubout']);
      const certificate = new X509Certificate(readFileSync(inAuthority(name, `${name}.crt.pem`)));
      assert.equal(publicKey, certificate.publicKey.export({ type: 'spki', format: 'pem' }));
      const files = readdirSync(inAuthority(name, ''));
      assert.ok(files.includes('.gitignore'));
      for (const file of files.filter((each) => each !== '.gitignore')) {
        assert.doesNotMatch(readFileSync(inAuthority(name, file), 'latin1'), /BEGIN (?:RSA |EC )?PRIVATE KEY/);
        if (!isWindows) assert.equal(statSync(inAuthority(name, file)).mode & 0o777, 0o600, file);
      }
    }
    assert.ok(!readdirSync(pathOf('.certgate', 'authorities')).some((name) => name.endsWith('.tmp')));
    for (const [name, password] of Object.entries(passwords))
      lightenKey(inAuthority(name, `${name}.key.pem`), password);
  });

  test('issues a certificate that openssl accepts, until its file is used to revoke it', async () => {
    const { stdout } = await expect(0, issue('billing', '--uri', 'spiffe://corp.example/billing', '--json'));
    const answer = JSON.parse(stdout) as { serialNumber: string; files: Record<string, string> };
    assert.deepEqual(Object.keys(answer.files).sort(), ['certificate', 'chain', 'header', 'key']);
    assert.equal(
      readFileSync(pathOf('billing.chain.pem'), 'utf8'),
      readFileSync(inAuthority('services', 'services.crt.pem'), 'utf8'),
    );
    assert.match(verify('billing.crt.pem').text, /: OK/);
    assert.ok(readRegister('services').issued.some(({ serialNumber }) => serialNumber === answer.serialNumber));
    await expect(0, revoke('billing.crt.pem', '--reason', 'keyCompromise', '--list-pem'), /Revoked .* \(CN=billing\)/);
    assert.match(verify('billing.crt.pem').text, /certificate revoked/);
    // Revokes it again: the time of the first revocation stays, and the list in PEM is still written and up to date.
    const again = await expect(0, revoke(answer.serialNumber.toLowerCase(), '--reason', 'superseded', '--json'));
    const { wasRevoked, list } = JSON.parse(again.stdout) as { wasRevoked: boolean; list: { number: number } };
    assert.equal(wasRevoked, true);
    const text = runOpenssl(['crl', '-noout', '-text', '-in', inAuthority('services', 'services.crl.pem')]);
    assert.match(text, new RegExp(`CRL Number: \\s+${list.number}\\n`));
    assert.match(text, /Superseded/);
  });

  test("issues a certificate for the key of a caller's request, with the names that the operator gives", async () => {
    const newKey = ['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    const asked = ['-utf8', '-subj', '/CN=admin\u202e', '-addext', 'subjectAltName=URI:spiffe://other.example/admin'];
    runOpenssl([...newKey, ...asked, '-keyout', pathOf('own.key.pem'), '-out', pathOf('own.csr.pem')]);
    const request = (name: string, csr: string, ...args: readonly string[]): Promise<CommandRun> =>
      run(
        'certificate', 'issue', name, '--authority', 'services', '--authority-password-file', 'services.password',
        '--csr', csr, ...args,
      ); // prettier-ignore
    const uri = 'spiffe://corp.example/own';
    const { stdout } = await expect(0, request('own', 'own.csr.pem', '--uri', uri), /key stays with the caller/);
    assert.match(stdout, /Ignored[^\n]*the subject CN=admin\\u202e; the names URI:spiffe:\/\/other\.example\/admin\n/);
    const certificate = new X509Certificate(readFileSync(pathOf('own.crt.pem')));
    assert.ok(certificate.checkPrivateKey(createPrivateKey(readFileSync(pathOf('own.key.pem')))));
    assert.deepEqual([certificate.subject, certificate.subjectAltName], ['CN=own', `URI:${uri}`]);
    assert.match(verify('own.crt.pem').text, /: OK/);
    assert.deepEqual(
      readdirSync(folder.path).filter((file) => file.startsWith('own.')),
      ['own.chain.pem', 'own.crt.base64', 'own.crt.pem', 'own.csr.pem', 'own.key.pem'],
    );
    const json = await expect(0, request('own', 'own.csr.pem', '--force', '--json'));
    const answer = JSON.parse(json.stdout) as { files: object; ignored: object };
    assert.deepEqual(Object.keys(answer.files), ['certificate', 'header', 'chain']);
    assert.deepEqual(Object.keys(answer.ignored), ['subject', 'names', 'extensions']);

    const known = readRegister('services').issued.length;
    folder.file(
      'broken.csr.pem',
      readFileSync(pathOf('own.csr.pem'), 'utf8').replace(/....\n(?==*-----END)/, 'AAAA\n'),
    );
    const refused: readonly (readonly [Promise<CommandRun>, RegExp])[] = [
      [request('own', 'own.csr.pem'), /already exist: own\.crt\.pem/],
      [request('broken', 'broken.csr.pem'), /broken\.csr\.pem .*Nothing was issued/],
      [request('broken', 'missing.csr.pem'), /no file missing\.csr\.pem/],
      [request('evil', 'own.csr.pem', '--uri', 'spiffe://other.example/x'), /may not issue for the URI/],
      ...['--pem', '--rsa', '--compatible', '--password-stdin'].map(
        (option) => [request('x', 'own.csr.pem', option), /'--csr <file>' cannot be used with option/] as const,
      ),
    ];
    for (const [running, message] of refused) await expect(2, running, message);
    assert.equal(readRegister('services').issued.length, known);
    assert.ok(!existsSync(pathOf('broken.crt.pem')));
  });

  test('can end a hold', async () => {
    await expect(0, issue('held'));
    await expect(0, revoke('held.crt.pem', '--reason', 'certificateHold'));
    assert.match(verify('held.crt.pem').text, /certificate revoked/);
    await expect(0, revoke('held.crt.pem', '--reason', 'removeFromCRL'), /Ended the hold/);
    assert.match(verify('held.crt.pem').text, /: OK/);
  });

  test('refuses a password that is wrong, missing, too short, or shared with the caller', async () => {
    const before = readFileSync(inAuthority('corp', 'register.json'), 'utf8');
    const issueFromCorp = ['certificate', 'issue', 'nobody', '--authority', 'corp'];
    const wrong = ['--authority-password-file', 'wrong.password', '--pem', '--no-pfx'];
    await expect(2, run(...issueFromCorp, ...wrong), /password of the authority corp is wrong, or its key file/);
    await expect(2, run(...issueFromCorp, '--pem', '--no-pfx'), /needs its password.*\n.*--authority-password-file/);
    const same = ['--authority-password-file', 'corp.password', '--password-file', 'corp.password'];
    await expect(2, run(...issueFromCorp, ...same), /password for the PFX is that of the authority corp/);
    const weak = run('authority', 'create', 'weak', '--authority-password-file', 'short.password');
    await expect(2, weak, /at least 12 characters/);
    await expect(2, run('authority', 'crl', 'corp'), /needs its password/);
    assert.equal(readFileSync(inAuthority('corp', 'register.json'), 'utf8'), before);
    assert.ok(!existsSync(pathOf('nobody.crt.pem')));
    assert.ok(!existsSync(inAuthority('weak', '')));
  });

  test('refuses what it never issued, words that are not allowed, and a folder that exists', async () => {
    const stranger = makeOpensslPair(folder, 'stranger');
    const cases: readonly (readonly [Promise<CommandRun>, RegExp])[] = [
      [revoke(stranger.certificate, '--reason', 'keyCompromise'), /was not issued by the authority services/],
      [revoke('00FF', '--reason', 'keyCompromise'), /has no certificate FF\.[^]*authority show AUTHORITY/],
      [revoke('no such file', '--reason', 'keyCompromise'), /is not a serial number/],
      [revoke('FF', '--reason', 'compromised'), /Allowed choices are unspecified, keyCompromise/],
      [revoke('FF'), /--reason/],
      [issue('late', '--days', '3650'), /The authority services ends before 3650 days are over/],
      [issue('odd', '--eku', 'anyExtendedKeyUsage'), /must be one of clientAuth/],
      [run('authority', 'create', 'corp', '--authority-password-file', 'corp.password'), /already exists/],
      [run('authority', 'show', 'nobody'), /There is no authority nobody/],
      [run('authority', 'create', 'x', '--key-algorithm', 'rsa-2048'), /Allowed choices/],
    ];
    for (const [running, message] of cases) await expect(2, running, message);
  });

  test('does nothing if its register is damaged, and issues nothing if its parent has revoked it', async () => {
    const password = ['--authority-password-file', 'corp.password'];
    const parent = ['--parent', 'corp', '--parent-password-file', 'corp.password'];
    await expect(0, run('authority', 'create', 'gone', ...parent, ...password));
    const gone = ['certificate', 'issue', 'a', '--authority', 'gone', ...password];
    const file = inAuthority('gone', 'gone.crt.pem');
    await expect(0, run('authority', 'revoke', 'corp', file, '--reason', 'cACompromise', ...password));
    await expect(
      2,
      run(...gone, '--pem', '--no-pfx'),
      /gone was revoked by corp on .* \(cACompromise\)[^]*authority create NAME --parent corp/,
    );
    // A folder that does not belong to an authority is ignored.
    mkdirSync(pathOf('.certgate', 'authorities', 'notes'));
    const { stdout } = await expect(0, run('authority', 'list', '--json'));
    const { authorities } = JSON.parse(stdout) as { authorities: { name: string; parent: string | null }[] };
    assert.deepEqual(
      authorities.map(({ name }) => name),
      ['corp', 'gone', 'services'],
    );
    await expect(0, run('authority', 'show', 'corp'), /CN=gone \(authority\) {2}REVOKED/);
    writeFileSync(inAuthority('gone', 'register.json'), '{"version":1,"issued":[]}');
    await expect(2, run('authority', 'show', 'gone'), /register .* is damaged/);
    await expect(2, run('authority', 'list'), /register .* is damaged/);
    await expect(0, run('authority', 'crl', 'corp', ...password), /^Wrote list \d+ of corp/);
  });
});
