import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { readDer } from '../encoding/der.js';
import { extension, writeCertificate } from '../test-support/certificate-writing.js';
import { type DerNode, editCertificate, encodeElement, getNode } from '../test-support/der-editing.js';
import { integerContent, sequence, tagged, taggedPrimitive } from '../test-support/der-writing.js';
import { extensions, generalNames } from '../test-support/extension-writing.js';
import { newName } from '../test-support/written-path.js';
import { decodeClientCertificate } from './client-certificate.js';
import {
  type PathCertificate,
  aPathCertificate,
  decodeAuthorityKeyIdentifier,
  decodePathCertificate,
} from './path-certificate.js';

const [issuer, subject] = [newName('Root'), newName('client')];
const decode = (...list: readonly Buffer[]): PathCertificate | string => {
  const decoding = decodePathCertificate(writeCertificate({ subject, issuer, extensions: list }));
  return decoding.ok ? decoding.value : decoding.fault;
};
const read = (...list: readonly Buffer[]): PathCertificate => {
  const certificate = decode(...list);
  assert.ok(typeof certificate !== 'string');
  return certificate;
};

describe('a certificate of a path', () => {
  it('has the values of its fields, and undefined for absent ones', () => {
    const bare = read();
    assert.deepEqual([bare.version, bare.hasOcspNoCheck, bare.hasNoRevAvail], [3, false, false]);
    assert.deepEqual([bare.basicConstraints, bare.authorityKeyIdentifier], [undefined, undefined]);
    assert.deepEqual([bare.subjectAlternativeNames, bare.unknownCriticalExtensions], [undefined, []]);
    assert.equal(bare.isSelfIssued, false);
    const hash = createHash('sha256').update(bare.der).digest('hex').toUpperCase();
    for (let time = 0; time < 2; time += 1) assert.equal(bare.thumbprintSha256, hash);
    assert.equal(bare.subjectText, 'CN=client');
  });

  it('has its extensions, and lists unknown critical ones', () => {
    const nothing = encodeElement(0x05);
    const noCheck = '1.3.6.1.5.5.7.48.1.5';
    const certificate = read(
      extension(noCheck, false, nothing),
      extension('1.2.3', true, nothing),
      extension('1.2.4', false, nothing),
      extension('1.2.5', true, nothing),
    );
    assert.equal(certificate.hasOcspNoCheck, true);
    assert.deepEqual(certificate.unknownCriticalExtensions, ['1.2.3', '1.2.5']);
    assert.match(
      decode(extension(noCheck, false, encodeElement(0x05, Buffer.alloc(1)))) as string,
      /a NULL with content/,
    );
    for (const isCritical of [true, false])
      assert.deepEqual(read(extensions.basicConstraints(true, 3, isCritical)).basicConstraints, {
        isCertificateAuthority: true,
        pathLength: 3,
        isCritical,
      });
  });

  it('has alternative names, whose addresses have 4 octets or 16', () => {
    const { address, dns } = generalNames;
    const alternative = extensions.subjectAlternativeName;
    for (const octets of [4, 16])
      assert.equal(read(alternative(dns('a'), address(...Buffer.alloc(octets)))).subjectAlternativeNames?.length, 2);
    for (const octets of [0, 3, 5, 8, 15, 17, 32])
      assert.match(
        decode(alternative(dns('a'), address(...Buffer.alloc(octets)))) as string,
        /neither 4 nor 16 octets/,
      );
  });
});

it('of version 1 has neither unique identifiers nor extensions', () => {
  const der = writeCertificate({ subject, issuer, extensions: [extensions.basicConstraints(true)] });
  const readFirst = (withExtensions: boolean, ...more: readonly DerNode[]): string => {
    const edited = editCertificate(der, (certificate) => {
      const tbs = getNode(certificate, 0);
      const [, ...fields] = tbs.children ?? [];
      tbs.children = [...fields.slice(0, 6), ...more, ...(withExtensions ? fields.slice(6) : [])];
    });
    const decoding = decodePathCertificate(edited);
    return decoding.ok ? `version ${decoding.value.version}` : decoding.fault;
  };
  const unique = (tag: number): DerNode => ({ tag, children: undefined, content: Buffer.from([0, 1]) });
  assert.equal(readFirst(false), 'version 1');
  assert.match(readFirst(true), /extensions in a certificate before version 3/);
  for (const tag of [0x81, 0x82]) assert.match(readFirst(false, unique(tag)), /unique identifiers in a version 1/);
});

it('is read from the DER of a client certificate that another copy of this package decoded', () => {
  const { der } = read(extensions.basicConstraints(true, 3, true));
  const client = decodeClientCertificate(der);
  assert.ok(client.ok);
  // A test runner that resets its modules has a second copy of modules that are loaded later.
  const ofAnotherCopy = { ...client.certificate, notAfter: 0, publicKey: undefined };
  assert.deepEqual(decodePathCertificate(ofAnotherCopy as never), decodePathCertificate(der));
});

describe('an authority key identifier', () => {
  const number = taggedPrimitive(2, integerContent(0x80));
  const names = tagged(1, generalNames.dns('a'));
  const ofKey = taggedPrimitive(0, Buffer.from('0aff', 'hex'));
  const readIdentifier = (...fields: readonly Buffer[]): unknown => {
    const decoding = readDer(() => decodeAuthorityKeyIdentifier(sequence(...fields)));
    return decoding.ok ? decoding.value : decoding.fault;
  };

  it('has a key identifier, an issuer and serial number, both, or neither', () => {
    const issuer = [{ form: 'dNSName', text: 'a' }];
    for (const [fields, expected] of [
      [[], { keyIdentifier: undefined, issuer: undefined, serialNumber: undefined }],
      [[ofKey], { keyIdentifier: '0AFF', issuer: undefined, serialNumber: undefined }],
      [[names, number], { keyIdentifier: undefined, issuer, serialNumber: '0080' }],
      [[ofKey, names, number], { keyIdentifier: '0AFF', issuer, serialNumber: '0080' }],
    ] as const)
      assert.deepEqual(readIdentifier(...fields), expected);
  });

  it('is refused with only one of issuer and serial number, and with trailing fields', () => {
    for (const fields of [[names], [number], [ofKey, names], [ofKey, number]])
      assert.match(readIdentifier(...fields) as string, /half of issuer and serial number/);
    assert.match(readIdentifier(ofKey, encodeElement(0x05)) as string, /trailing bytes/);
  });
});

it('only a decoded value is accepted as a certificate of a path', () => {
  const certificate = read();
  assert.ok(aPathCertificate.holds(certificate) && aPathCertificate.holds({ ...certificate }));
  const decided = [
    ...['der', 'version', 'serialNumber', 'issuer', 'subject', 'subjectName', 'notBefore', 'notAfter', 'publicKey'],
    ...['verificationKey', 'signatureAlgorithm', 'signed', 'basicConstraints', 'keyUsage', 'extendedKeyUsage'],
    ...['subjectAlternativeNames', 'nameConstraints', 'hasNoRevAvail', 'extensions', 'unknownCriticalExtensions'],
  ];
  for (const name of decided) {
    const members = Object.entries(certificate).filter(([each]) => each !== name);
    assert.equal(aPathCertificate.holds(Object.fromEntries(members)), false, name);
  }
});
