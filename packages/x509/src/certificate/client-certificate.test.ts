import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe, test } from 'node:test';
import { type ClientCertificate, decodeClientCertificate } from './client-certificate.js';
import type { CertificatePublicKey } from './certificate.js';
import {
  type KeyKind,
  describeByOpenssl,
  makeCertificate,
  makeDefaultSelfSigned,
} from '../test-support/certificates.js';
import {
  type DerNode,
  editCertificate,
  encodeElement,
  getChildren,
  getNode,
  parseTree,
  tbsFields,
  toVersion1,
} from '../test-support/der-editing.js';

const decode = (der: Uint8Array): ClientCertificate => {
  const decoding = decodeClientCertificate(der);
  assert.ok(decoding.ok, decoding.ok ? '' : decoding.fault);
  return decoding.certificate;
};
const faultOf = (der: Uint8Array): string => {
  const decoding = decodeClientCertificate(der);
  assert.ok(!decoding.ok, 'accepted');
  return decoding.fault;
};
const primitive = (hex: string): DerNode => parseTree(Buffer.from(hex, 'hex'));

const keys: readonly (readonly [KeyKind, CertificatePublicKey])[] = [
  ['rsa-1024', { algorithm: 'rsa', bits: 1024 }],
  ['rsa-2047', { algorithm: 'rsa', bits: 2047 }],
  ['rsa-2048', { algorithm: 'rsa', bits: 2048 }],
  ['rsa-3072', { algorithm: 'rsa', bits: 3072 }],
  ['rsa-pss', { algorithm: 'rsa', bits: 2048 }],
  ['dsa', { algorithm: 'other', objectIdentifier: '1.2.840.10040.4.1' }],
  ['p-256', { algorithm: 'ec', curve: 'P-256' }],
  ['p-384', { algorithm: 'ec', curve: 'P-384' }],
  ['p-521', { algorithm: 'ec', curve: 'P-521' }],
  ['secp256k1', { algorithm: 'ec', curve: '1.3.132.0.10' }],
  ['explicit', { algorithm: 'ec', curve: 'explicit parameters' }],
  ['ed25519', { algorithm: 'ed25519' }],
  ['ed448', { algorithm: 'ed448' }],
];

describe('a certificate of each kind of key', () => {
  for (const [kind, publicKey] of keys) {
    test(`${kind}: agrees with openssl and with Node`, () => {
      const { der } = makeCertificate({ key: kind });
      const certificate = decode(der);
      assert.deepEqual(certificate.publicKey, publicKey);

      const { thumbprintSha256, thumbprintSha1, publicKeySha256 } = certificate;
      assert.deepEqual({ thumbprintSha256, thumbprintSha1, publicKeySha256 }, describeByOpenssl(der));

      const other = new X509Certificate(der);
      assert.equal(certificate.thumbprintSha256, other.fingerprint256.replaceAll(':', ''));
      assert.equal(certificate.thumbprintSha1, other.fingerprint.replaceAll(':', ''));
      assert.equal(certificate.serialNumber.replace(/^00/, ''), other.serialNumber);
      assert.equal(certificate.notBefore, Date.parse(other.validFrom));
      assert.equal(certificate.notAfter, Date.parse(other.validTo));
      assert.equal(certificate.isCertificateAuthority, other.ca);
      assert.deepEqual(certificate.extendedKeyUsage, other.keyUsage);
      assert.equal(certificate.subject, other.subject);
      assert.equal(certificate.issuer, other.issuer);
      assert.equal(certificate.commonName, 'client');
    });
  }

  test('a decoded certificate is frozen, so nothing can be added to it', () => {
    const certificate = decode(makeCertificate().der);
    assert.ok(Object.isFrozen(certificate));
    assert.throws(() => {
      (certificate as { notAfter: number }).notAfter = Number.POSITIVE_INFINITY;
    }, TypeError);
  });
});

describe('versions', () => {
  const v1 = toVersion1(makeCertificate().der);
  const v3 = makeCertificate().der;

  test('version 1 has no extensions', () => {
    assert.notEqual(getNode(parseTree(v1), 0, 0).tag, 0xa0, 'the fixture is not a version 1 certificate');
    const certificate = decode(v1);
    assert.equal(certificate.hasExtensions, false);
    assert.equal(certificate.isCertificateAuthority, false);
    assert.equal(certificate.keyUsage, undefined);
    assert.equal(certificate.extendedKeyUsage, undefined);
    assert.deepEqual(certificate.subjectAlternativeNames, []);
    assert.equal(certificate.publicKeySha256, describeByOpenssl(v1).publicKeySha256);
  });

  const withVersion = (der: Buffer, hex: string): Buffer =>
    editCertificate(der, (certificate) => {
      getNode(certificate, 0, tbsFields.version, 0).content = Buffer.from(hex, 'hex');
    });
  for (const [what, der] of [
    ['version 1 written out', withVersion(v3, '00')],
    ['version 2 with extensions', withVersion(v3, '01')],
    ['version 4', withVersion(v3, '03')],
    ['a negative version', withVersion(v3, 'ff')],
    ['a version of many octets', withVersion(v3, '7fffffffffffffff')],
    ['version 3 not minimal', withVersion(v3, '0002')],
    [
      'version 1 with extensions',
      editCertificate(v3, (certificate) => {
        getChildren(certificate, 0).shift();
      }),
    ],
    [
      'version 1 with a unique identifier',
      editCertificate(v1, (certificate) => {
        getChildren(certificate, 0).push(primitive('810200ff'));
      }),
    ],
  ] as const) {
    test(`${what}: refused`, () => {
      faultOf(der);
    });
  }
  const withUnique = (issuer: string, subject: string): Buffer =>
    editCertificate(v3, (certificate) => {
      getNode(certificate, 0, tbsFields.version, 0).content = Buffer.from([1]);
      getChildren(certificate, 0).splice(tbsFields.extensions, 1, primitive(issuer), primitive(subject));
    });
  test('version 2 with unique identifiers is read, if they are BIT STRINGs', () => {
    for (const [issuer, subject] of [
      ['810200ff', '820200ff'],
      ['810100', '820207ff'],
    ] as const)
      assert.equal(decode(withUnique(issuer, subject)).hasExtensions, false);
    for (const [issuer, subject] of [
      ['8100', '820200ff'],
      ['810101', '820200ff'],
      ['810200ff', '820208ff'],
    ] as const)
      assert.equal(faultOf(withUnique(issuer, subject)), 'a unique identifier that is not a BIT STRING');
  });
});

describe('validity', () => {
  for (const [what, notBefore, notAfter, start, end] of [
    ['20 years', '20250101000000Z', '20450101000000Z', Date.UTC(2025, 0, 1), Date.UTC(2045, 0, 1)],
    [
      'to the end of UTCTime',
      '19500101000000Z',
      '20491231235959Z',
      Date.UTC(1950, 0, 1),
      Date.UTC(2049, 11, 31, 23, 59, 59),
    ],
    ['into GeneralizedTime', '20250101000000Z', '20500101000000Z', Date.UTC(2025, 0, 1), Date.UTC(2050, 0, 1)],
    ['only in GeneralizedTime', '20600229000000Z', '21000101000000Z', Date.UTC(2060, 1, 29), Date.UTC(2100, 0, 1)],
    ['to the end of time', '20250101000000Z', '99991231235959Z', Date.UTC(2025, 0, 1), 253_402_300_799_000],
  ] as const) {
    test(what, () => {
      const { der } = makeCertificate({ notBefore, notAfter });
      const certificate = decode(der);
      assert.equal(certificate.notBefore, start);
      assert.equal(certificate.notAfter, end);
      assert.equal(certificate.notAfter, Date.parse(new X509Certificate(der).validTo));
    });
  }

  for (const [what, hex] of [
    ['a time that is none', Buffer.from('2702300000Z').toString('hex')],
    ['a local time', Buffer.from('270101000000').toString('hex')],
    ['no time', ''],
  ] as const) {
    test(`${what}: refused`, () => {
      const der = editCertificate(makeCertificate().der, (certificate) => {
        getNode(certificate, 0, tbsFields.validity, 1).content = Buffer.from(hex, 'hex');
      });
      faultOf(der);
    });
  }
});

describe('bytes that are not one strict certificate', () => {
  const { der } = makeCertificate();
  const withContent = (hex: string, ...place: readonly number[]): Buffer =>
    editCertificate(der, (certificate) => {
      getNode(certificate, ...place).content = Buffer.from(hex, 'hex');
    });
  const cases: readonly (readonly [string, Buffer, RegExp])[] = [
    ['trailing bytes', Buffer.concat([der, Buffer.alloc(1)]), /trailing/],
    ['two certificates', Buffer.concat([der, der]), /trailing/],
    [
      'a fourth field in the certificate',
      editCertificate(der, (certificate) => getChildren(certificate).push(primitive('0500'))),
      /trailing/,
    ],
    [
      'a further field in the TBSCertificate',
      editCertificate(der, (certificate) => getChildren(certificate, 0).push(primitive('a4020500'))),
      /trailing/,
    ],
    [
      'a third date',
      editCertificate(der, (certificate) => {
        const validity = getChildren(certificate, 0, tbsFields.validity);
        validity.push(...validity.slice(0, 1));
      }),
      /trailing/,
    ],
    ['two signature algorithms', withContent('2a8648ce3d040303', 1, 0), /two different signature algorithms/],
    ['a signature that is not of whole octets', withContent('0180', 2), /octet-aligned/],
    ['a serial number that is not minimal', withContent('0001', 0, tbsFields.serial), /minimal/],
    ['a serial number of no octet', withContent('', 0, tbsFields.serial), /INTEGER/],
    [
      'a key of no whole octets',
      editCertificate(der, (certificate) => {
        getNode(certificate, 0, tbsFields.key, 1).content[0] = 1;
      }),
      /octet-aligned/,
    ],
    [
      'a curve with something behind it',
      editCertificate(der, (certificate) => getChildren(certificate, 0, tbsFields.key, 0).push(primitive('0500'))),
      /trailing/,
    ],
    [
      'an EC key without a curve',
      editCertificate(der, (certificate) => getChildren(certificate, 0, tbsFields.key, 0).splice(1)),
      /without its curve/,
    ],
    [
      'extensions twice',
      editCertificate(der, (certificate) => {
        const tbs = getChildren(certificate, 0);
        tbs.push(...tbs.slice(-1));
      }),
      /trailing/,
    ],
    ['an outer length that is not minimal', lengthenOuterLength(der), /header/],
  ];
  for (const [what, bytes, words] of cases) {
    test(`${what}: refused`, () => {
      assert.match(faultOf(bytes), words);
    });
  }

  test('serial numbers of zero and below are read unchanged', () => {
    for (const hex of ['00', 'ff', '80']) {
      assert.equal(decode(withContent(hex, 0, tbsFields.serial)).serialNumber, hex.toUpperCase());
    }
  });
});

describe('RSA moduli', () => {
  const { der } = makeCertificate({ key: 'rsa-2048' });
  const withModulus = (hex: string): Buffer =>
    editCertificate(der, (certificate) => {
      const key = getNode(certificate, 0, tbsFields.key, 1);
      const modulus = encodeElement(0x02, Buffer.from(hex, 'hex'));
      key.content = Buffer.concat([Buffer.alloc(1), encodeElement(0x30, modulus, Buffer.from('0203010001', 'hex'))]);
    });
  for (const [hex, bits] of [
    [`00${'ff'.repeat(256)}`, 2048],
    [`0080${'00'.repeat(254)}01`, 2048],
    [`7f${'ff'.repeat(255)}`, 2047],
    [`01${'00'.repeat(255)}01`, 2049],
    ['01', 1],
  ] as const) {
    test(`${hex.slice(0, 4)}… of ${hex.length / 2} octets has ${bits} bits`, () => {
      assert.deepEqual(decode(withModulus(hex)).publicKey, { algorithm: 'rsa', bits });
    });
  }
  test('a modulus that is even, negative, zero-padded or missing is refused', () => {
    for (const hex of ['00', '02', `00${'ff'.repeat(255)}fe`]) assert.match(faultOf(withModulus(hex)), /even/);
    assert.match(faultOf(withModulus('80'.repeat(256))), /negative/);
    assert.match(faultOf(withModulus(`0000${'ff'.repeat(254)}`)), /minimal/);
    assert.match(faultOf(withModulus('')), /INTEGER/);
  });
});

describe('RSA exponents', () => {
  const { der } = makeCertificate({ key: 'rsa-2048' });
  const withExponent = (hex: string): Buffer =>
    editCertificate(der, (certificate) => {
      const key = getNode(certificate, 0, tbsFields.key, 1);
      const modulus = encodeElement(0x02, Buffer.from(`00${'ff'.repeat(256)}`, 'hex'));
      key.content = Buffer.concat([
        Buffer.alloc(1),
        encodeElement(0x30, modulus, encodeElement(0x02, Buffer.from(hex, 'hex'))),
      ]);
    });
  test('odd ones from 3 to 2^256 are read: FIPS 186-5 allows no more, and OpenSSL as many bits as the modulus has', () => {
    for (const hex of ['03', '11', '0101', '010001', `00${'ff'.repeat(32)}`])
      assert.deepEqual(decode(withExponent(hex)).publicKey, { algorithm: 'rsa', bits: 2048 });
  });
  test('1, with which anybody can sign, is refused, and so are even and negative exponents', () => {
    for (const hex of ['01', '00', '02', '010000', '81', 'ff', '8001'])
      assert.match(faultOf(withExponent(hex)), /exponent/);
    assert.match(faultOf(withExponent('')), /INTEGER/);
  });
  test('longer exponents are refused', () => {
    for (const hex of [`01${'00'.repeat(31)}01`, `7f${'ff'.repeat(255)}`])
      assert.match(faultOf(withExponent(hex)), /256 bits/);
  });
});

test("openssl's default self-signed certificate is a CA certificate", () => {
  const { der } = makeDefaultSelfSigned();
  assert.equal(decode(der).isCertificateAuthority, true);
  assert.equal(new X509Certificate(der).ca, true);
});

/** Changes `30 82 hh hh` to `30 83 00 hh hh`, which is BER but not DER. */
function lengthenOuterLength(der: Buffer): Buffer {
  assert.equal(der[1], 0x82);
  return Buffer.concat([Buffer.from([0x30, 0x83, 0]), der.subarray(2)]);
}
