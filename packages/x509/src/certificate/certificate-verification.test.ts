import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type CertificateFaultCode,
  certificateFaultCodes,
  clientAuthentication,
  describePublicKey,
  findCertificateFault,
  listCertificateFaults,
} from './certificate-verification.js';
import { isMlDsaKnown } from '../test-support/certificate-writing.js';
import { type ClientCertificate, decodeClientCertificate } from './client-certificate.js';
import {
  type CertificateRequest,
  type KeyKind,
  defaultNotAfter,
  defaultNotBefore,
  isKeyKindKnown,
  makeCertificate,
  makeDefaultSelfSigned,
  now,
} from '../test-support/certificates.js';
import { isMlDsaRefused } from '../test-support/ml-dsa.js';
import { editCertificate, getChildren, tbsFields, toVersion1 } from '../test-support/der-editing.js';
import { describeCertificateFault } from './certificate-fault-sentence.js';

const decode = (der: Uint8Array): ClientCertificate => {
  const decoding = decodeClientCertificate(der);
  assert.ok(decoding.ok, decoding.ok ? '' : decoding.fault);
  return decoding.certificate;
};
const make = (request: CertificateRequest = {}): ClientCertificate => decode(makeCertificate(request).der);
const seen = new Set<CertificateFaultCode | undefined>();
const codeOf = (certificate: ClientCertificate, at = now): CertificateFaultCode | undefined => {
  const code = findCertificateFault(certificate, at)?.code;
  seen.add(code);
  return code;
};

test('an ordinary client certificate meets every requirement', () => {
  assert.equal(findCertificateFault(make(), now), undefined);
  assert.deepEqual(listCertificateFaults(make(), now), []);
});

test('a validated path permits more critical extensions, and changes no other check', () => {
  const certificate = make({ extensions: ['1.2.3.4 = critical, DER:0500'] });
  const code = (isPathValidated: boolean, at = now): string | undefined =>
    findCertificateFault(certificate, at, { isPathValidated })?.code;
  assert.equal(code(false), 'certificate_critical_extension_unknown');
  assert.equal(code(true), undefined);
  assert.equal(code(true, defaultNotAfter + 1), 'certificate_expired');
});

describe('validity: both ends belong to it', () => {
  const certificate = make();
  for (const [what, at, code] of [
    ['the millisecond before notBefore', defaultNotBefore - 1, 'certificate_not_yet_valid'],
    ['notBefore', defaultNotBefore, undefined],
    ['notAfter', defaultNotAfter, undefined],
    ['the millisecond after notAfter', defaultNotAfter + 1, 'certificate_expired'],
    ['long before', 0, 'certificate_not_yet_valid'],
    ['long after', Number.MAX_SAFE_INTEGER, 'certificate_expired'],
    ['the end of time', Number.POSITIVE_INFINITY, 'certificate_expired'],
    ['before all time', Number.NEGATIVE_INFINITY, 'certificate_not_yet_valid'],
    ['no time at all', Number.NaN, 'certificate_not_yet_valid'],
  ] as const) {
    test(`${what}: ${code ?? 'valid'}`, () => {
      assert.equal(codeOf(certificate, at), code);
    });
  }

  test('a certificate that ends before it begins is never valid', () => {
    // Swaps the dates in the DER.
    const made = makeCertificate({ notBefore: '20260101000000Z', notAfter: '20280101000000Z' });
    const backwards = decode(
      editCertificate(made.der, (certificate) => getChildren(certificate, 0, tbsFields.validity).reverse()),
    );
    assert.ok(backwards.notAfter < backwards.notBefore);
    for (const at of [backwards.notAfter - 1, backwards.notAfter, now, backwards.notBefore + 1]) {
      assert.match(
        describeCertificateFault(findCertificateFault(backwards, at) ?? assert.fail()),
        /ends at 2026-01-01T00:00:00Z, before it begins \(2028-01-01T00:00:00Z\), so it is never valid/,
      );
    }
  });

  test('9999-12-31 is an ordinary date', () => {
    const endless = make({ notAfter: '99991231235959Z' });
    assert.equal(codeOf(endless, 253_402_300_799_000), undefined);
    assert.equal(codeOf(endless, 253_402_300_799_001), 'certificate_expired');
  });
  test('a certificate may be valid for a single second', () => {
    const brief = make({ notBefore: '20270101000000Z', notAfter: '20270101000000Z' });
    assert.equal(codeOf(brief, now), undefined);
    assert.equal(codeOf(brief, now - 1), 'certificate_not_yet_valid');
    assert.equal(codeOf(brief, now + 1), 'certificate_expired');
  });
});

describe('uses', () => {
  const cases: readonly (readonly [string, readonly string[], CertificateFaultCode | undefined])[] = [
    ['a CA certificate', ['basicConstraints = critical, CA:TRUE'], 'certificate_is_authority'],
    [
      'a CA certificate for clients',
      ['basicConstraints = CA:TRUE', 'extendedKeyUsage = clientAuth'],
      'certificate_is_authority',
    ],
    ['a certificate for servers', ['extendedKeyUsage = serverAuth'], 'certificate_extended_key_usage_unsuitable'],
    ['any extended key usage', ['extendedKeyUsage = anyExtendedKeyUsage'], 'certificate_extended_key_usage_unsuitable'],
    ['one for servers and clients', ['extendedKeyUsage = serverAuth, clientAuth'], undefined],
    [
      'an identifier that begins like clientAuth',
      ['extendedKeyUsage = 1.3.6.1.5.5.7.3.2.1'],
      'certificate_extended_key_usage_unsuitable',
    ],
    ['no extended key usage', ['basicConstraints = CA:FALSE'], undefined],
    ['a key usage for encryption', ['keyUsage = keyEncipherment'], 'certificate_key_usage_unsuitable'],
    ['a key usage for agreement', ['keyUsage = keyAgreement'], 'certificate_key_usage_unsuitable'],
    ['a key usage for certificates, without CA', ['keyUsage = keyCertSign'], 'certificate_key_usage_unsuitable'],
    ['a key usage for documents', ['keyUsage = nonRepudiation'], 'certificate_key_usage_unsuitable'],
    ['a key usage for signing and more', ['keyUsage = digitalSignature, keyEncipherment'], undefined],
    ['no key usage', ['extendedKeyUsage = clientAuth'], undefined],
    ['an unknown critical extension', ['1.2.3.4 = critical, DER:0500'], 'certificate_critical_extension_unknown'],
    ['an unknown extension that is not critical', ['1.2.3.4 = DER:0500'], undefined],
  ];
  for (const [what, extensions, code] of cases) {
    test(`${what}: ${code ?? 'fit'}`, () => {
      const certificate = make({ extensions });
      assert.equal(codeOf(certificate), code);
      assert.equal(listCertificateFaults(certificate, now).length, code === undefined ? 0 : 1);
    });
  }
  test('the sentence about many unknown critical extensions is shortened', () => {
    const many = Array.from({ length: 100 }, (_, index) => `1.2.3.${index + 4} = critical, DER:0500`);
    const fault = findCertificateFault(make({ extensions: many }), now);
    assert.equal(fault?.code, 'certificate_critical_extension_unknown');
    assert.match(describeCertificateFault(fault), /1\.2\.3\.4, .*…/);
    assert.ok(describeCertificateFault(fault).length < 400);
  });
  test("openssl's default self-signed certificate is refused, with the remedy", () => {
    const fault = findCertificateFault(decode(makeDefaultSelfSigned().der), now);
    assert.equal(fault?.code, 'certificate_is_authority');
    assert.match(describeCertificateFault(fault), /CA:FALSE/);
  });
  test('a version 1 certificate restricts nothing, so it is never refused for its uses', () => {
    assert.equal(codeOf(decode(toVersion1(makeCertificate().der))), undefined);
  });
});

describe('keys', () => {
  const cases: readonly (readonly [KeyKind, CertificateFaultCode | undefined, string])[] = [
    ['rsa-1024', 'certificate_key_too_weak', 'RSA 1024'],
    ['rsa-2047', 'certificate_key_too_weak', 'RSA 2047'],
    ['rsa-2048', undefined, 'RSA 2048'],
    ['rsa-3072', undefined, 'RSA 3072'],
    ['rsa-pss', undefined, 'RSA 2048'],
    ['dsa', 'certificate_key_unsupported', 'DSA (1.2.840.10040.4.1)'],
    ['p-256', undefined, 'EC P-256'],
    ['p-384', undefined, 'EC P-384'],
    ['p-521', undefined, 'EC P-521'],
    ['p-192', 'certificate_key_too_weak', 'EC P-192'],
    ['p-224', 'certificate_key_unsupported', 'EC P-224'],
    ['secp256k1', 'certificate_key_unsupported', 'EC 1.3.132.0.10'],
    ['explicit', 'certificate_key_too_weak', 'EC explicit parameters'],
    ['ed25519', undefined, 'Ed25519'],
    ['ed448', 'certificate_key_unsupported', 'Ed448'],
    ['ml-dsa-44', isMlDsaKnown ? undefined : 'algorithm_unsupported_by_runtime', 'ML-DSA-44'],
    ['ml-dsa-65', isMlDsaKnown ? undefined : 'algorithm_unsupported_by_runtime', 'ML-DSA-65'],
    ['ml-dsa-87', isMlDsaKnown ? undefined : 'algorithm_unsupported_by_runtime', 'ML-DSA-87'],
    ['slh-dsa', 'certificate_key_unsupported', 'SLH-DSA-SHA2-128s (2.16.840.1.101.3.4.3.20)'],
  ];
  for (const [key, code, words] of cases) {
    const skip = isKeyKindKnown(key) ? false : 'this openssl knows no such key';
    test(`${key}: ${code ?? 'strong'}`, { skip }, () => {
      const certificate = make({ key });
      assert.equal(describePublicKey(certificate.publicKey), words);
      const fault = findCertificateFault(certificate, now);
      seen.add(fault?.code);
      assert.equal(fault?.code, code);
      if (fault !== undefined) assert.ok(describeCertificateFault(fault).includes(words));
    });
  }
});

test('tools get every fault and the gate the first one, in the order of the list', () => {
  const certificate = make({
    key: 'rsa-1024',
    notAfter: '20260101000000Z',
    extensions: [
      'basicConstraints = CA:TRUE',
      'keyUsage = keyCertSign',
      'extendedKeyUsage = serverAuth',
      '1.2.3.4 = critical, DER:0500',
    ],
  });
  const codes = listCertificateFaults(certificate, now).map(({ code }) => code);
  assert.deepEqual(codes, [
    'certificate_expired',
    'certificate_is_authority',
    'certificate_critical_extension_unknown',
    'certificate_extended_key_usage_unsuitable',
    'certificate_key_usage_unsuitable',
    'certificate_key_too_weak',
  ]);
  assert.equal(codeOf(certificate), codes[0]);
});

test('clientAuth is the identifier of RFC 5280', () => {
  assert.deepEqual(make({ extensions: ['extendedKeyUsage = clientAuth'] }).extendedKeyUsage, [clientAuthentication]);
});

test('these tests produced every code, except one that needs ML-DSA in openssl and a Node without it', () => {
  const missing = certificateFaultCodes.filter((code) => !seen.has(code));
  assert.deepEqual(missing, isMlDsaRefused ? [] : ['algorithm_unsupported_by_runtime']);
});
