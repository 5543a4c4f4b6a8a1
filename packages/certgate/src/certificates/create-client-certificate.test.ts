import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import { ToolFailure } from '#local/tool-failure.js';
import { createClientCertificate } from './self-signed-certificate.js';
import { keyAlgorithms } from './structure/key-pair.js';
import { createTemporaryFolder, runOpenssl } from './test-support/openssl.js';

const now = new Date('2026-03-01T12:00:00.500Z');

describe('createClientCertificate', () => {
  const folder = createTemporaryFolder();
  after(() => {
    folder.remove();
  });

  for (const keyAlgorithm of keyAlgorithms.filter((algorithm) => algorithm !== 'rsa-4096')) {
    test(`${keyAlgorithm}: openssl verifies the certificate strictly as a TLS client`, () => {
      const issued = createClientCertificate({ name: 'billing', keyAlgorithm, now });
      const file = folder.file(`${keyAlgorithm}.pem`, issued.certificatePem);
      const instant = String(Math.trunc(now.getTime() / 1000));
      const verdict = runOpenssl([
        'verify', '-x509_strict', '-check_ss_sig', '-attime', instant, '-purpose', 'sslclient', '-CAfile', file, file,
      ]); // prettier-ignore
      assert.match(verdict, /: OK/);
      const certificate = new X509Certificate(issued.certificateDer);
      assert.ok(certificate.checkPrivateKey(createPrivateKey(issued.privateKeyPem)));
      assert.match(issued.privateKeyPem, /^-----BEGIN PRIVATE KEY-----/);
    });
  }

  test('makes a certificate that openssl shows with end entity, digital signature, client authentication, and its names', () => {
    const issued = createClientCertificate({
      name: 'billing',
      dns: ['billing.example.org'],
      uri: ['spiffe://example.org/billing'],
      email: ['billing@example.org'],
      now,
    });
    const text = runOpenssl(['x509', '-noout', '-text'], issued.certificatePem);
    assert.match(text, /Version: 3/);
    assert.match(text, /Basic Constraints: critical\s+CA:FALSE/);
    assert.match(text, /X509v3 Key Usage: critical\s+Digital Signature\n/);
    assert.match(text, /Extended Key Usage: \n\s+TLS Web Client Authentication\n/);
    assert.match(text, /Subject Key Identifier/);
    assert.match(text, /DNS:billing\.example\.org, URI:spiffe:\/\/example\.org\/billing, email:billing@example\.org/);
    assert.match(text, /Not Before: Mar {2}1 11:55:00 2026 GMT/);
    assert.match(text, /Not After : Mar {2}1 12:00:00 2027 GMT/);
    // DER leaves out a default value, so `cA` FALSE is an empty SEQUENCE.
    assert.match(runOpenssl(['asn1parse'], issued.certificatePem), /OCTET STRING +\[HEX DUMP\]:3000/);
  });

  test('signs with SHA-384 for P-384, and with SHA-256 for the others', () => {
    const algorithmOf = (keyAlgorithm: 'ec-p384' | 'ec-p256' | 'rsa-2048'): string =>
      runOpenssl(['x509', '-noout', '-text'], createClientCertificate({ name: 'a', keyAlgorithm, now }).certificatePem);
    assert.match(algorithmOf('ec-p384'), /ecdsa-with-SHA384/);
    assert.match(algorithmOf('ec-p256'), /ecdsa-with-SHA256/);
    assert.match(algorithmOf('rsa-2048'), /sha256WithRSAEncryption/);
  });

  test('writes a time past 2049 as a GeneralizedTime without fractions (RFC 5280 §4.1.2.5)', () => {
    const issued = createClientCertificate({ name: 'late', days: 3650, now: new Date('2045-01-01T00:00:00.123Z') });
    const text = runOpenssl(['asn1parse'], issued.certificatePem);
    assert.match(text, /UTCTIME +:441231235500Z/);
    assert.match(text, /GENERALIZEDTIME +:20541230000000Z/);
  });

  test('writes any name as one common name and nothing else, whatever it contains', () => {
    const name = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
      .filter((text) => !/[\p{Cc}\p{Cs}]/u.test(text) && Array.from(text).length <= 64);
    fc.assert(
      fc.property(
        fc.oneof(name, fc.constantFrom('x,O=evil', 'a+CN=b', '#0500', '"q"', ' lead', 'back\\', 'a=b;c')),
        (text) => {
          const { certificatePem } = createClientCertificate({ name: text, now });
          const subject = runOpenssl(
            ['x509', '-noout', '-subject', '-nameopt', 'utf8,sep_multiline,sname,space_eq'],
            certificatePem,
          );
          assert.equal(subject, `subject=\n    CN = ${text}\n`);
        },
      ),
      { numRuns: 25 },
    );
  });

  test('makes serial numbers that are positive, have 16 octets, and differ', () => {
    const serialNumbers = Array.from({ length: 8 }, () => {
      const { certificateDer } = createClientCertificate({ name: 'a', now });
      return new X509Certificate(certificateDer).serialNumber;
    });
    assert.equal(new Set(serialNumbers).size, 8);
    for (const serialNumber of serialNumbers) assert.match(serialNumber, /^[4-7][0-9A-F]{31}$/);
  });

  test('refuses what a certificate cannot contain', () => {
    const refusals: readonly Partial<Parameters<typeof createClientCertificate>[0]>[] = [
      { name: '' },
      { name: 'x'.repeat(65) },
      { name: 'line\nbreak' },
      { name: 'nul\0' },
      { days: 0 },
      { days: 3651 },
      { days: 1.5 },
      { dns: ['bücher.example'] },
      { dns: ['a b'] },
      { dns: ['127.0.0.1'] },
      { dns: ['evil.example\0.good.example'] },
      { uri: ['no-scheme'] },
      { uri: ['https://ü.example'] },
      { email: ['nobody'] },
      { email: ['A <a@example.org>'] },
    ];
    for (const refusal of refusals) {
      assert.throws(
        () => createClientCertificate({ name: 'a', now, ...refusal }),
        ToolFailure,
        JSON.stringify(refusal),
      );
    }
  });
});
