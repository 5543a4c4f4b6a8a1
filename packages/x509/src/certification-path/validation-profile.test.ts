import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { extension, isMlDsaKnown, makeWritingKey, writeCertificate } from '../test-support/certificate-writing.js';
import { type KeyKind, makeCertificate } from '../test-support/certificates.js';
import { type DerNode, editCertificate, getNode, parseTree, tbsFields } from '../test-support/der-editing.js';
import { bitString, objectIdentifier, sequence } from '../test-support/der-writing.js';
import { extensions, generalNames } from '../test-support/extension-writing.js';
import { newName, readWritten } from '../test-support/written-path.js';
import { type PathCertificate, decodePathCertificate } from '../certificate/path-certificate.js';
import type { PathRole } from './path-fault.js';
import { findProfileFault, findPurposeFault, isAlgorithmAccepted } from './validation-profile.js';
import { describePathFault } from './path-fault-sentence.js';

// Tests rules about a certificate's own content. No signature is verified here.
const issuer = newName('Root');
const subject = newName('subject');
const { keyUsage, basicConstraints, subjectKeyIdentifier, authorityKeyIdentifier } = extensions;
const critical = (type: string, value: Buffer): Buffer => extension(type, true, value);

const ofClient = [basicConstraints(false), keyUsage('digitalSignature'), authorityKeyIdentifier(issuer.key)];
const ofAuthority = [
  basicConstraints(true),
  keyUsage('keyCertSign'),
  subjectKeyIdentifier(subject.key),
  authorityKeyIdentifier(issuer.key),
];

function judge(
  role: PathRole,
  list: readonly Buffer[],
  edit: (certificate: DerNode) => void = () => undefined,
  profile: 'strict' | 'rfc5280' = 'strict',
): string {
  const der = editCertificate(writeCertificate({ subject, issuer, extensions: list }), edit);
  return findProfileFault(readWritten(decodePathCertificate, der), role, profile)?.code ?? 'fit';
}

const without = (list: readonly Buffer[], index: number): readonly Buffer[] => list.filter((_, at) => at !== index);
const instead = (list: readonly Buffer[], index: number, by: Buffer): readonly Buffer[] =>
  list.map((each, at) => (at === index ? by : each));
const setSerial =
  (hex: string) =>
  (certificate: DerNode): void => {
    getNode(certificate, 0, tbsFields.serial).content = Buffer.from(hex, 'hex');
  };
const emptyName =
  (field: 'issuer' | 'subject') =>
  (certificate: DerNode): void => {
    getNode(certificate, 0, tbsFields[field]).children = [];
  };

describe('the strict profile', () => {
  it('finds nothing wrong with ordinary certificates', () => {
    assert.equal(judge('end-entity', ofClient), 'fit');
    for (const role of ['intermediate', 'trust-anchor'] as const) assert.equal(judge(role, ofAuthority), 'fit');
  });

  it('requires positive serial numbers of at most 20 octets', () => {
    for (const hex of ['01', '7f', '00ff', '7f'.repeat(20)])
      assert.equal(judge('end-entity', ofClient, setSerial(hex)), 'fit');
    for (const hex of ['00', 'ff', '80', 'ff7f', '7f'.repeat(21), `00${'ff'.repeat(20)}`])
      assert.equal(judge('end-entity', ofClient, setSerial(hex)), 'path_certificate_malformed', hex);
  });

  it('lets only a caller have no subject, if a critical alternative name replaces it', () => {
    const names = sequence(generalNames.dns('a.example'));
    const type = '2.5.29.17';
    const judgeEmpty = (role: PathRole, list: readonly Buffer[], ...more: readonly Buffer[]): string =>
      judge(role, [...list, ...more], emptyName('subject'));
    assert.equal(judgeEmpty('end-entity', ofClient, critical(type, names)), 'fit');
    assert.equal(judgeEmpty('end-entity', ofClient, extension(type, false, names)), 'path_certificate_malformed');
    assert.equal(judgeEmpty('end-entity', ofClient), 'path_certificate_malformed');
    assert.equal(judgeEmpty('intermediate', ofAuthority, critical(type, names)), 'path_certificate_malformed');
    assert.equal(judge('end-entity', ofClient, emptyName('issuer')), 'path_certificate_malformed');
  });

  it('requires key identifiers, and that they are not critical', () => {
    assert.equal(judge('end-entity', without(ofClient, 2)), 'path_certificate_malformed');
    assert.equal(judge('intermediate', without(ofAuthority, 3)), 'path_certificate_malformed');
    assert.equal(judge('intermediate', without(ofAuthority, 2)), 'path_certificate_malformed');
    assert.equal(judge('trust-anchor', without(ofAuthority, 2)), 'path_certificate_malformed');
    assert.equal(judge('trust-anchor', without(ofAuthority, 3)), 'fit');
    for (const [index, type] of [
      [2, '2.5.29.14'],
      [3, '2.5.29.35'],
    ] as const) {
      const value = type === '2.5.29.14' ? Buffer.from('040101', 'hex') : Buffer.from('3003800101', 'hex');
      assert.equal(
        judge('intermediate', instead(ofAuthority, index, critical(type, value))),
        'path_certificate_malformed',
      );
    }
  });

  it('requires that an authority says so critically, and may sign certificates', () => {
    for (const role of ['intermediate', 'trust-anchor'] as const) {
      const judgeWith = (index: number, by?: Buffer): string =>
        judge(role, by === undefined ? without(ofAuthority, index) : instead(ofAuthority, index, by));
      assert.equal(judgeWith(0), 'path_authority_unfit');
      assert.equal(judgeWith(0, basicConstraints(false)), 'path_authority_unfit');
      assert.equal(judgeWith(0, basicConstraints(true, undefined, false)), 'path_authority_unfit');
      assert.equal(judgeWith(1), 'path_authority_unfit');
      assert.equal(judgeWith(1, keyUsage('cRLSign', 'digitalSignature')), 'path_authority_unfit');
    }
  });

  it('requires that limits on certificates below are critical', () => {
    for (const [type, hex] of [
      ['2.5.29.30', '3007a10530038201 61'],
      ['2.5.29.36', '3003800100'],
      ['2.5.29.54', '020100'],
    ] as const) {
      const value = Buffer.from(hex.replace(/ /g, ''), 'hex');
      assert.equal(judge('intermediate', [...ofAuthority, critical(type, value)]), 'fit', type);
      assert.equal(
        judge('intermediate', [...ofAuthority, extension(type, false, value)]),
        'path_authority_unfit',
        type,
      );
    }
  });

  it('lets nobody act as a caller who is an authority, or has what only authorities have', () => {
    for (const [list, code] of [
      [instead(ofClient, 0, basicConstraints(true)), 'path_authority_unfit'],
      [instead(ofClient, 0, basicConstraints(false, 0)), 'path_certificate_malformed'],
      [instead(ofClient, 1, keyUsage('digitalSignature', 'keyCertSign')), 'path_authority_unfit'],
      [[...ofClient, extensions.nameConstraints([], [generalNames.dns('a')])], 'path_certificate_malformed'],
    ] as const)
      assert.equal(judge('end-entity', list), code);
  });

  it('accepts no unprocessed critical extension, in any role', () => {
    const unknown = Buffer.from('0500', 'hex');
    for (const [role, list] of [
      ['end-entity', ofClient],
      ['intermediate', ofAuthority],
      ['trust-anchor', ofAuthority],
      ['crl-signer', ofAuthority],
    ] as const) {
      assert.equal(judge(role, [...list, critical('1.2.3.4', unknown)]), 'path_critical_extension_unknown');
      assert.equal(judge(role, [...list, extension('1.2.3.4', false, unknown)]), 'fit');
    }
  });

  it('accepts strong keys', () => {
    const judgeKey = (key: KeyKind): string => {
      const { der } = makeCertificate({ key, digest: 'sha256' });
      return findProfileFault(readWritten(decodePathCertificate, der), 'end-entity', 'strict')?.code ?? 'fit';
    };
    for (const key of ['rsa-1024', 'rsa-2047', 'p-192', 'explicit'] as const)
      assert.equal(judgeKey(key), 'path_key_too_weak', key);
    for (const key of ['ed448', 'dsa', 'secp256k1'] as const) assert.equal(judgeKey(key), 'path_key_unsupported', key);
    for (const key of ['rsa-2048', 'p-256', 'p-384', 'p-521'] as const) assert.equal(judgeKey(key), 'fit', key);
  });

  it('requires no more of a caller, and no right to sign certificates of a signer of lists', () => {
    assert.equal(judge('end-entity', [authorityKeyIdentifier(issuer.key)]), 'fit');
    assert.equal(judge('crl-signer', ofClient), 'fit');
    assert.equal(judge('crl-signer', instead(ofClient, 0, basicConstraints(true))), 'fit');
    assert.equal(judge('trust-anchor', [...ofClient, subjectKeyIdentifier(subject.key)]), 'path_authority_unfit');
  });

  it('requires text in the names that chain, and in the attributes that identify a caller', () => {
    const isNoText =
      (field: 'issuer' | 'subject', type?: string) =>
      (certificate: DerNode): void => {
        const attribute = getNode(certificate, 0, tbsFields[field], 0, 0);
        Object.assign(getNode(attribute, 1), { tag: 0x02, content: Buffer.from([1]) });
        if (type !== undefined) getNode(attribute, 0).content = objectIdentifier(type).subarray(2);
      };
    const malformed = 'path_certificate_malformed';
    for (const [role, list, ofIssuer, ofSubject] of [
      ['end-entity', ofClient, malformed, malformed],
      ['intermediate', ofAuthority, malformed, malformed],
      ['crl-signer', ofAuthority, malformed, malformed],
      ['trust-anchor', ofAuthority, 'fit', malformed],
    ] as const) {
      assert.equal(judge(role, list, isNoText('issuer')), ofIssuer, role);
      assert.equal(judge(role, list, isNoText('subject')), ofSubject, role);
      assert.equal(judge(role, list, isNoText('subject'), 'rfc5280'), 'fit', role);
    }
    // A caller's serialNumber attribute decides nothing, and a unique identifier is never a text.
    assert.equal(judge('end-entity', ofClient, isNoText('subject', '2.5.4.5')), 'fit');
    assert.equal(judge('end-entity', ofClient, isNoText('subject', '2.5.4.11')), malformed);
    assert.equal(judge('intermediate', ofAuthority, isNoText('subject', '2.5.4.5')), malformed);
    assert.equal(judge('intermediate', ofAuthority, isNoText('subject', '2.5.4.45')), 'fit');
  });

  it("distinguishes keys and signatures that this Node can't verify from those that are refused", () => {
    const mlDsa = sequence(objectIdentifier('2.16.840.1.101.3.4.3.17'));
    const ofKey = (publicKey: Buffer): PathCertificate =>
      readWritten(
        decodePathCertificate,
        writeCertificate({ subject: { ...subject, key: { ...subject.key, publicKey } }, issuer, extensions: ofClient }),
      );
    const expected = isMlDsaKnown ? undefined : 'algorithm_unsupported_by_runtime';
    const key = ofKey(sequence(mlDsa, bitString(Buffer.alloc(1312))));
    assert.equal(findProfileFault(key, 'end-entity', 'strict')?.code, expected);
    assert.equal(findProfileFault(key, 'end-entity', 'rfc5280'), undefined);
    const unknown = ofKey(sequence(sequence(objectIdentifier('1.2.3')), bitString(Buffer.alloc(9))));
    assert.equal(findProfileFault(unknown, 'end-entity', 'strict')?.code, 'path_key_unsupported');
    assert.equal(findProfileFault(unknown, 'end-entity', 'rfc5280'), undefined);
    const signedWith =
      (algorithm: Buffer) =>
      (certificate: DerNode): void => {
        for (const node of [getNode(certificate, 0, 2), getNode(certificate, 1)])
          Object.assign(node, parseTree(algorithm));
      };
    for (const [algorithm, code] of [
      [mlDsa, expected ?? 'fit'],
      [sequence(objectIdentifier('1.3.101.113')), 'path_algorithm_unsupported'],
      [sequence(objectIdentifier('1.2.3')), 'path_algorithm_unsupported'],
      [sequence(objectIdentifier('1.2.840.10045.4.1')), 'path_algorithm_too_weak'],
    ] as const) {
      assert.equal(judge('end-entity', ofClient, signedWith(algorithm)), code);
      assert.equal(judge('trust-anchor', ofAuthority, signedWith(algorithm)), 'fit');
    }
  });

  it('accepts signatures by ML-DSA if this Node verifies them', () => {
    for (const scheme of ['ml-dsa-44', 'ml-dsa-65', 'ml-dsa-87'] as const)
      for (const profile of ['strict', 'rfc5280'] as const)
        assert.equal(isAlgorithmAccepted({ scheme }, profile), isMlDsaKnown, scheme);
  });

  it("accepts no broken digest and no unknown scheme, but any in a trust anchor's signature", () => {
    for (const digest of ['md5', 'sha1'] as const) {
      for (const scheme of ['rsa-pkcs1', 'ecdsa'] as const) {
        assert.equal(isAlgorithmAccepted({ scheme, digest }, 'strict'), false);
        assert.equal(isAlgorithmAccepted({ scheme, digest }, 'rfc5280'), true);
      }
      assert.equal(isAlgorithmAccepted({ scheme: 'rsa-pss', digest, saltLength: 20 }, 'strict'), false);
    }
    assert.equal(isAlgorithmAccepted({ scheme: 'ed25519' }, 'strict'), true);
    assert.equal(isAlgorithmAccepted({ scheme: 'ed448' }, 'strict'), false);
    for (const profile of ['strict', 'rfc5280'] as const)
      assert.equal(isAlgorithmAccepted({ scheme: 'unknown', objectIdentifier: '1.2.3' }, profile), false);
    const { der } = makeCertificate({ digest: 'sha1' });
    const certificate = readWritten(decodePathCertificate, der);
    assert.equal(findProfileFault(certificate, 'end-entity', 'strict')?.code, 'path_algorithm_too_weak');
  });
});

describe('the profile of RFC 5280', () => {
  const judgeLax = (role: PathRole, list: readonly Buffer[]): string => judge(role, list, undefined, 'rfc5280');

  it('requires less, but still an authority that may sign certificates', () => {
    assert.equal(judgeLax('intermediate', [basicConstraints(true, undefined, false)]), 'fit');
    assert.equal(judgeLax('intermediate', [basicConstraints(true), keyUsage('cRLSign')]), 'path_authority_unfit');
    assert.equal(judgeLax('intermediate', [basicConstraints(false)]), 'path_authority_unfit');
    assert.equal(judgeLax('intermediate', []), 'path_authority_unfit');
    assert.equal(judgeLax('end-entity', []), 'fit');
    assert.equal(judgeLax('crl-signer', []), 'fit');
    assert.equal(judgeLax('trust-anchor', []), 'fit');
  });

  it('accepts keys of any strength, but none whose curve the certificate itself defines', () => {
    const judgeKey = (key: KeyKind): string => {
      const { der } = makeCertificate({ key, digest: 'sha256' });
      return findProfileFault(readWritten(decodePathCertificate, der), 'end-entity', 'rfc5280')?.code ?? 'fit';
    };
    for (const key of ['rsa-1024', 'p-192', 'secp256k1'] as const) assert.equal(judgeKey(key), 'fit', key);
    assert.equal(judgeKey('explicit'), 'path_key_too_weak');
  });

  it('names what it refuses', () => {
    const detailOf = (role: PathRole, edit?: (certificate: DerNode) => void): string => {
      const der = editCertificate(writeCertificate({ subject, issuer, extensions: [] }), edit ?? (() => undefined));
      const fault = findProfileFault(readWritten(decodePathCertificate, der), role, 'strict');
      return fault === undefined ? '' : describePathFault(fault);
    };
    assert.match(detailOf('trust-anchor'), /^The trust anchor "CN=subject" is not a CA certificate/);
    assert.match(
      detailOf('crl-signer', emptyName('subject')),
      /^The CRL signer without a subject has an empty subject/,
    );
    const long = setSerial('7f'.repeat(40));
    assert.match(detailOf('end-entity', long), /the serial number (?:7F){24}, which must be positive/);
  });
});

describe('purposes', () => {
  const purpose = '1.3.6.1.5.5.7.3.2';
  const judgePurpose = (role: PathRole, ...usages: readonly string[]): boolean => {
    const list = usages.length === 0 ? ofClient : [...ofClient, extensions.extendedKeyUsage(...usages)];
    const key = makeWritingKey();
    const der = writeCertificate({ subject: { ...subject, key }, issuer, extensions: list });
    return findPurposeFault(readWritten(decodePathCertificate, der), role, purpose) === undefined;
  };

  it('are limited by each certificate that names some, and only authorities may name "any"', () => {
    for (const role of ['end-entity', 'intermediate'] as const) {
      assert.ok(judgePurpose(role));
      assert.ok(judgePurpose(role, '1.3.6.1.5.5.7.3.1', purpose));
      assert.ok(!judgePurpose(role, '1.3.6.1.5.5.7.3.1'));
    }
    assert.ok(judgePurpose('intermediate', '2.5.29.37.0'));
    assert.ok(judgePurpose('crl-signer', '2.5.29.37.0'));
    assert.ok(!judgePurpose('end-entity', '2.5.29.37.0'));
  });

  it('are named in the sentence, with the certificate', () => {
    const list = [...ofClient, extensions.extendedKeyUsage('1.2.3')];
    const certificate = readWritten(decodePathCertificate, writeCertificate({ subject, issuer, extensions: list }));
    for (const [asked, name] of [
      [purpose, 'client authentication'],
      ['1.2.4', '1\\.2\\.4'],
    ] as const) {
      const fault = findPurposeFault(certificate, 'end-entity', asked);
      assert.ok(fault);
      assert.match(describePathFault(fault), new RegExp(`and ${name} is not among the uses`));
      assert.deepEqual(fault.about, { certificate, role: 'end-entity' });
    }
  });
});
