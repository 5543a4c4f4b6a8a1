import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type ClientCertificate,
  type ClientCertificateDecoding,
  decodeClientCertificate,
} from './client-certificate.js';
import { makeCertificate } from '../test-support/certificates.js';
import {
  type DerNode,
  editCertificate,
  editExtension,
  getChildren,
  getNode,
  parseTree,
  tbsFields,
} from '../test-support/der-editing.js';

const make = (...extensions: readonly string[]): Buffer => makeCertificate({ extensions }).der;
const decode = (der: Uint8Array): ClientCertificate => {
  const decoding = decodeClientCertificate(der);
  assert.ok(decoding.ok, decoding.ok ? '' : decoding.fault);
  return decoding.certificate;
};
const refuses = (decoding: ClientCertificateDecoding, words: RegExp): void => {
  assert.ok(!decoding.ok, 'accepted');
  assert.match(decoding.fault, words);
};
const basicConstraints = '551d13';
const keyUsage = '551d0f';
const extendedKeyUsage = '551d25';

describe('extensions that openssl wrote', () => {
  test('key usage: every bit is read', () => {
    const all = [
      'digitalSignature',
      'nonRepudiation',
      'keyEncipherment',
      'dataEncipherment',
      'keyAgreement',
      'keyCertSign',
      'cRLSign',
      'encipherOnly',
      'decipherOnly',
    ];
    assert.deepEqual(decode(make(`keyUsage = critical, ${all.join(', ')}`)).keyUsage, all);
    for (const one of all) assert.deepEqual(decode(make(`keyUsage = ${one}`)).keyUsage, [one]);
  });
  test('extended key usage: its object identifiers are kept', () => {
    assert.deepEqual(decode(make('extendedKeyUsage = serverAuth, clientAuth, 1.2.3.4')).extendedKeyUsage, [
      '1.3.6.1.5.5.7.3.1',
      '1.3.6.1.5.5.7.3.2',
      '1.2.3.4',
    ]);
  });
  test('absent extensions are undefined, unlike empty ones', () => {
    const { keyUsage: usage, extendedKeyUsage: purposes, hasExtensions } = decode(make('basicConstraints = CA:FALSE'));
    assert.equal(usage, undefined);
    assert.equal(purposes, undefined);
    assert.equal(hasExtensions, true);
  });
  test('basic constraints: cA is read', () => {
    assert.equal(decode(make('basicConstraints = CA:TRUE')).isCertificateAuthority, true);
    assert.equal(decode(make('basicConstraints = critical, CA:TRUE, pathlen:3')).isCertificateAuthority, true);
    assert.equal(decode(make('basicConstraints = CA:FALSE')).isCertificateAuthority, false);
    assert.equal(decode(make('keyUsage = digitalSignature')).isCertificateAuthority, false);
  });
  test('a critical extension that is unknown is reported, and a non-critical one is not', () => {
    assert.deepEqual(decode(make('1.2.3.4 = critical, DER:0500', '1.2.3.5 = DER:0500')).unknownCriticalExtensions, [
      '1.2.3.4',
    ]);
    assert.deepEqual(decode(make('nameConstraints = critical, permitted;DNS:a.example')).unknownCriticalExtensions, [
      '2.5.29.30',
    ]);
    assert.deepEqual(decode(make('certificatePolicies = critical, 1.2.3.4')).unknownCriticalExtensions, ['2.5.29.32']);
  });
  test('extensions that are understood may be critical', () => {
    const der = make(
      'basicConstraints = critical, CA:FALSE',
      'keyUsage = critical, digitalSignature',
      'extendedKeyUsage = critical, clientAuth',
      'subjectAltName = critical, DNS:a.example',
    );
    assert.deepEqual(decode(der).unknownCriticalExtensions, []);
  });
});

describe('extensions that no tool writes (edited DER)', () => {
  const der = make('basicConstraints = CA:FALSE', 'keyUsage = digitalSignature', 'extendedKeyUsage = clientAuth');
  const list = (certificate: DerNode): DerNode[] => getChildren(certificate, 0, tbsFields.extensions, 0);
  const withValue = (identifier: string, hex: string): ClientCertificateDecoding =>
    decodeClientCertificate(editExtension(der, identifier, () => Buffer.from(hex, 'hex')));
  const node = (hex: string): DerNode => parseTree(Buffer.from(hex, 'hex'));

  test('one extension twice is refused: with the same value, another value, or unknown', () => {
    const twice = editCertificate(der, (certificate) => {
      list(certificate).push(...list(certificate).slice(0, 1));
    });
    refuses(decodeClientCertificate(twice), /2\.5\.29\.\d+ twice/);
    const unknown = editCertificate(der, (certificate) => {
      list(certificate).push(node('300706022a03040100'), node('300706022a03040100'));
    });
    refuses(decodeClientCertificate(unknown), /1\.2\.3 twice/);
  });
  test('an empty list is refused, and so is a tag without a list', () => {
    const empty = editCertificate(der, (certificate) => {
      list(certificate).length = 0;
    });
    refuses(decodeClientCertificate(empty), /./);
    const nothing = editCertificate(der, (certificate) => {
      getChildren(certificate, 0, tbsFields.extensions).length = 0;
    });
    refuses(decodeClientCertificate(nothing), /./);
  });
  test('a written-out critical FALSE is refused, and so is an invalid BOOLEAN', () => {
    const critical = (hex: string): Buffer =>
      editCertificate(der, (certificate) => {
        getChildren(certificate, 0, tbsFields.extensions, 0, 0).splice(1, 0, node(hex));
      });
    refuses(decodeClientCertificate(critical('010100')), /default value/);
    refuses(decodeClientCertificate(critical('010101')), /BOOLEAN/);
    assert.equal(decodeClientCertificate(critical('0101ff')).ok, true);
  });
  test('a field after the value is refused, and so is a value that is not an OCTET STRING', () => {
    const more = editCertificate(der, (certificate) => {
      getChildren(certificate, 0, tbsFields.extensions, 0, 0).push(node('0500'));
    });
    refuses(decodeClientCertificate(more), /trailing/);
    const other = editCertificate(der, (certificate) => {
      getNode(certificate, 0, tbsFields.extensions, 0, 0, -1).tag = 0x03;
    });
    refuses(decodeClientCertificate(other), /tag/);
  });
  for (const [what, identifier, hex, words] of [
    ['basic constraints: trailing bytes', basicConstraints, '30000500', /trailing/],
    ['basic constraints: a third field', basicConstraints, '30080101ff0201000500', /trailing/],
    ['basic constraints: cA of another value', basicConstraints, '3003010101', /BOOLEAN/],
    ['basic constraints: a negative path length', basicConstraints, '30060101ff0201ff', /range/],
    ['basic constraints: nothing', basicConstraints, '', /./],
    ['key usage: a bit that does not exist', keyUsage, '0303060140', /does not exist/],
    ['key usage: trailing zero bits', keyUsage, '03020080', /DER/],
    ['key usage: another type', keyUsage, '0500', /tag/],
    ['extended key usage: empty', extendedKeyUsage, '3000', /./],
    ['extended key usage: a value that is not an identifier', extendedKeyUsage, '30020500', /tag/],
    ['extended key usage: a SET', extendedKeyUsage, '310406022a03', /tag/],
  ] as const) {
    test(`${what}: refused`, () => {
      refuses(withValue(identifier, hex), words);
    });
  }
  test('cA FALSE written out is read: common tools write it', () => {
    const decoding = withValue(basicConstraints, '3003010100');
    assert.ok(decoding.ok);
    assert.equal(decoding.certificate.isCertificateAuthority, false);
  });
  test('a key usage without a bit is empty, not absent', () => {
    const decoding = withValue(keyUsage, '030100');
    assert.ok(decoding.ok);
    assert.deepEqual(decoding.certificate.keyUsage, []);
  });
});
