import assert from 'node:assert/strict';
import { hash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { getKeyPath } from '@certgate/x509/test-support/certificates.js';
import { writeDatedCertificate } from '@certgate/x509/test-support/dated-certificates.js';
import { writeOlderAuthority } from '@certgate/x509/test-support/older-authorities.js';
import { toPem } from '@certgate/x509/test-support/openssl.js';
import { newName } from '@certgate/x509/test-support/written-path.js';
import {
  createTemporaryFolder,
  makeOpensslPair,
  runOpenssl,
  type OpensslPair,
} from '../../certificates/test-support/openssl.js';
import { runCertgate } from './test-support/run-certgate.js';

interface Inspection {
  readonly format: string;
  readonly certificate: Readonly<Record<string, unknown>>;
  readonly problems: readonly { readonly code: string }[];
}

describe('certgate certificate inspect and header', () => {
  const folder = createTemporaryFolder();
  let pair: OpensslPair;
  let certificate: X509Certificate;
  before(() => {
    pair = makeOpensslPair(folder, 'billing');
    certificate = new X509Certificate(readFileSync(pair.certificate));
    folder.file('password', 'secret\n');
    runOpenssl([
      'pkcs12', '-export', '-in', pair.certificate, '-inkey', pair.key, '-out', folder.file('modern.pfx'),
      '-passout', 'pass:secret',
    ]); // prettier-ignore
  });
  after(() => {
    folder.remove();
  });

  async function inspect(
    args: readonly string[],
    input?: string | Uint8Array,
  ): Promise<Inspection & { exitCode: number | null }> {
    const run = await runCertgate(['certificate', 'inspect', '--json', ...args], {
      cwd: folder.path,
      ...(input === undefined ? {} : { input }),
    });
    return { ...(JSON.parse(run.stdout) as Inspection), exitCode: run.exitCode };
  }

  test('gives the same certificate and the same header value for every form of the file', async () => {
    const base64 = certificate.raw.toString('base64');
    const forms: readonly (readonly [string, readonly string[], (string | Uint8Array)?])[] = [
      ['pfx', ['modern.pfx', '--password-file', 'password']],
      ['pem', ['billing.crt']],
      ['base64', ['-'], `X-ARR-ClientCert: ${base64}\n`],
      ['der', ['-'], certificate.raw],
    ];
    for (const [format, args, input] of forms) {
      const inspection = await inspect(args, input);
      assert.equal(inspection.format, format);
      assert.equal(inspection.exitCode, 0);
      assert.equal(inspection.certificate['thumbprintSha256'], certificate.fingerprint256.replaceAll(':', ''));
      const header = await runCertgate(['certificate', 'header', ...args], {
        cwd: folder.path,
        ...(input === undefined ? {} : { input }),
      });
      assert.deepEqual(header, { exitCode: 0, stdout: `${base64}\n`, stderr: '' });
    }
  });

  test('reports the same facts as openssl', async () => {
    const { certificate: found, problems } = await inspect(['billing.crt']);
    assert.deepEqual(problems, []);
    assert.equal(found['subject'], 'CN=billing');
    assert.equal(found['thumbprintSha1'], certificate.fingerprint.replaceAll(':', ''));
    assert.equal(
      found['serialNumber'],
      runOpenssl(['x509', '-noout', '-serial', '-in', pair.certificate]).trim().slice(7),
    );
    const publicKey = folder.file('public.der');
    runOpenssl(['pkey', '-in', pair.key, '-pubout', '-outform', 'DER', '-out', publicKey]);
    const hash = runOpenssl(['dgst', '-sha256', '-r', publicKey]);
    assert.equal(found['publicKeySha256'], hash.slice(0, 64).toUpperCase());
    assert.deepEqual(found['extendedKeyUsage'], ['clientAuth']);
    assert.equal(found['key'], 'EC P-256');
    const { stdout, exitCode } = await runCertgate(['certificate', 'inspect', pair.certificate]);
    assert.equal(exitCode, 0);
    assert.match(stdout, /^subject +CN=billing$/m);
    assert.match(stdout, /^serial number +8F01$/m);
    assert.match(stdout, /Certgate would accept it/);
  });

  test('lists every reason to refuse a certificate, with exit code 1', async () => {
    const file = folder.file('bad.crt');
    // A certificate with several faults: of a CA, for servers, with a short key, and expired long ago.
    writeDatedCertificate(file, {
      keyPath: getKeyPath('rsa-1024'),
      name: ['CN = bad'],
      extensions: [
        'basicConstraints = critical, CA:TRUE',
        'extendedKeyUsage = serverAuth',
        'keyUsage = critical, keyEncipherment',
      ],
      notBefore: '20200101000000Z',
      notAfter: '20200201000000Z',
    });
    const { problems, exitCode } = await inspect([file]);
    assert.equal(exitCode, 1);
    assert.deepEqual(
      problems.map(({ code }) => code),
      [
        'certificate_expired',
        'certificate_is_authority',
        'certificate_extended_key_usage_unsuitable',
        'certificate_key_usage_unsuitable',
        'certificate_key_too_weak',
      ],
    );
    const { stdout } = await runCertgate(['certificate', 'inspect', file]);
    assert.match(stdout, /Certgate would refuse it:\n {2}certificate_expired: /);
  });

  test('shows a root in an older form, and that it can only be a trust anchor', async () => {
    const file = folder.file('older.crt', toPem(writeOlderAuthority('all of these', newName('Old root'))));
    const { certificate: found, problems } = await inspect([file]);
    const { fingerprint, fingerprint256, publicKey } = new X509Certificate(readFileSync(file));
    const spki = publicKey.export({ type: 'spki', format: 'der' });
    assert.deepEqual(
      [found['subject'], found['issuer'], found['serialNumber'], found['isCertificateAuthority'], found['keyUsage']],
      ['CN=Old root', 'CN=Old root', '00', true, ['keyCertSign', 'cRLSign']],
    );
    assert.deepEqual(
      [found['thumbprintSha256'], found['thumbprintSha1'], found['publicKeySha256']],
      [...[fingerprint256, fingerprint].map((each) => each.replaceAll(':', '')), hash('sha256', spki).toUpperCase()],
    );
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['certificate_malformed'],
    );
    const { stdout } = await runCertgate(['certificate', 'inspect', file]);
    assert.match(stdout, /^on a path +only as a trust anchor: a BIT STRING of named bits that is not DER\.$/m);
    assert.match(stdout, /named bits that is not DER\. Only a trust anchor may be encoded in this way\.$/m);
    for (const [form, place] of [
      ['none of these', 'as a trust anchor or an intermediate'],
      ['serial number 0', 'only as a trust anchor: .* has the serial number 00, which must be positive .*'],
    ] as const) {
      const other = folder.file('other.crt', toPem(writeOlderAuthority(form, newName('Root'))));
      const shown = await runCertgate(['certificate', 'inspect', other]);
      assert.match(shown.stdout, new RegExp(`^on a path +${place}$`, 'm'));
    }
  });

  test('says that nobody can call with a PFX without its key', async () => {
    const path = folder.file('keyless.pfx');
    runOpenssl(['pkcs12', '-export', '-nokeys', '-in', pair.certificate, '-out', path, '-passout', 'pass:secret']);
    const { stdout, exitCode } = await runCertgate(['certificate', 'inspect', path, '--password-file', 'password'], {
      cwd: folder.path,
    });
    assert.equal(exitCode, 0);
    assert.match(stdout, /^private key +none: nobody can call with this PFX/m);
    assert.match(stdout, /accept the certificate if the trust document lists it, but nobody can call with this file/);
  });

  test('refuses a wrong password, a file without a certificate, and two inputs on standard input', async () => {
    const cases: readonly (readonly [readonly string[], RegExp, string?])[] = [
      [['modern.pfx', '--password-stdin'], /The password is wrong/, 'no\n'],
      [['password'], /contains no certificate/],
      [['-'], /Standard input is empty/],
      [['-', '--password-stdin'], /only one of/i, 'x'],
    ];
    for (const verb of ['inspect', 'header']) {
      for (const [args, message, input = ''] of cases) {
        const run = await runCertgate(['certificate', verb, ...args], { cwd: folder.path, input });
        assert.deepEqual([run.exitCode, run.stdout], [2, ''], args.join(' '));
        assert.match(run.stderr, message);
      }
    }
  });
});
