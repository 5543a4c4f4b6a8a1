import { createHash, randomBytes, sign } from 'node:crypto';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  Extension,
  Extensions,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_subjectAltName,
  id_ce_subjectKeyIdentifier,
  KeyUsage,
  KeyUsageFlags,
  Name,
  RelativeDistinguishedName,
  SubjectAlternativeName,
  SubjectKeyIdentifier,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
  type GeneralName,
} from '@peculiar/asn1-x509';
import { CommandFailure } from '../command-line/command-failure.js';
import { generateKeyPair, getSignatureAlgorithm, type KeyAlgorithm } from './key-pair.js';
import { encodePem } from './pem.js';

export interface IssuedCertificate {
  readonly certificateDer: Buffer;
  readonly certificatePem: string;
  /** PKCS#8, not encrypted: whoever writes it to a disk sees to who may read it. */
  readonly privateKeyPem: string;
}

export interface SelfSignedCertificateProfile {
  readonly commonName: string;
  readonly keyAlgorithm: KeyAlgorithm;
  /** 1 to 3650, counted from `now`. */
  readonly days: number;
  /** OID of the one extended key usage. */
  readonly extendedKeyUsage: string;
  readonly subjectAlternativeNames: readonly GeneralName[];
  readonly now: Date;
}

/** The clock of a laptop and that of a data centre differ; a certificate must be good the moment it is made. */
const backdatedMilliseconds = 5 * 60_000;
const dayMilliseconds = 86_400_000;
const maximumDays = 3650;

/**
 * Makes a key and an end-entity certificate over it (RFC 5280 §4), version 3, signed with that same key.
 * Its basic constraints say "no authority": a caller who holds the key can vouch for nobody else.
 * Throws CommandFailure when a value doesn't fit the profile.
 */
export function issueSelfSignedCertificate(profile: SelfSignedCertificateProfile): IssuedCertificate {
  const { publicKey, privateKey } = generateKeyPair(profile.keyAlgorithm);
  const algorithm = getSignatureAlgorithm(profile.keyAlgorithm);
  const signatureAlgorithm = new AlgorithmIdentifier({
    algorithm: algorithm.oid,
    ...(algorithm.parameters === 'null' ? { parameters: null } : {}),
  });
  const name = commonNameOf(profile.commonName);
  const publicKeyInfo = AsnConvert.parse(publicKey.export({ type: 'spki', format: 'der' }), SubjectPublicKeyInfo);
  const tbsCertificate = new TBSCertificate({
    version: Version.v3,
    serialNumber: toArrayBuffer(createSerialNumber()),
    signature: signatureAlgorithm,
    issuer: name,
    subject: name,
    validity: createValidity(profile.days, profile.now),
    subjectPublicKeyInfo: publicKeyInfo,
    extensions: createExtensions(profile, publicKeyInfo),
  });
  const signature = sign(algorithm.digest, Buffer.from(AsnConvert.serialize(tbsCertificate)), privateKey);
  const certificate = new Certificate({
    tbsCertificate,
    signatureAlgorithm,
    signatureValue: toArrayBuffer(signature),
  });
  const certificateDer = Buffer.from(AsnConvert.serialize(certificate));
  return Object.freeze({
    certificateDer,
    certificatePem: encodePem('CERTIFICATE', certificateDer),
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  });
}

/** The name goes into the structure as a value, never through the text form, so nothing in it needs escaping. */
function commonNameOf(commonName: string): Name {
  // RFC 5280 appendix A: ub-common-name is 64 characters.
  if (commonName.length === 0 || Array.from(commonName).length > 64 || /[\p{Cc}\p{Cs}]/u.test(commonName)) {
    throw new CommandFailure('A certificate name must have 1 to 64 characters, none of them control characters.');
  }
  const attribute = new AttributeTypeAndValue({
    type: '2.5.4.3',
    value: new AttributeValue({ utf8String: commonName }),
  });
  return new Name([new RelativeDistinguishedName([attribute])]);
}

/** RFC 5280 §4.1.2.2: positive and at most 20 octets. The two fixed bits make it exactly 16 octets, 126 of its bits random. */
function createSerialNumber(): Buffer {
  const serialNumber = randomBytes(16);
  serialNumber.writeUInt8((serialNumber.readUInt8(0) & 0x7f) | 0x40, 0);
  return serialNumber;
}

function createValidity(days: number, now: Date): Validity {
  if (!Number.isInteger(days) || days < 1 || days > maximumDays) {
    throw new CommandFailure(`A certificate can be valid for 1 to ${maximumDays} whole days, not ${days}.`);
  }
  return new Validity({
    notBefore: new Date(now.getTime() - backdatedMilliseconds),
    notAfter: new Date(now.getTime() + days * dayMilliseconds),
  });
}

function createExtensions(profile: SelfSignedCertificateProfile, publicKeyInfo: SubjectPublicKeyInfo): Extensions {
  const extensions = [
    createExtension(id_ce_basicConstraints, true, new BasicConstraints({ cA: false })),
    createExtension(id_ce_keyUsage, true, new KeyUsage(KeyUsageFlags.digitalSignature)),
    createExtension(id_ce_extKeyUsage, false, new ExtendedKeyUsage([profile.extendedKeyUsage])),
    createExtension(id_ce_subjectKeyIdentifier, false, createSubjectKeyIdentifier(publicKeyInfo)),
  ];
  if (profile.subjectAlternativeNames.length > 0) {
    const names = new SubjectAlternativeName([...profile.subjectAlternativeNames]);
    extensions.push(createExtension(id_ce_subjectAltName, false, names));
  }
  return new Extensions(extensions);
}

function createExtension(extnID: string, critical: boolean, value: unknown): Extension {
  return new Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) });
}

/** RFC 7093 §2 (1): the leftmost 160 bits of SHA-256 over the key, where RFC 5280 §4.2.1.2 has SHA-1. */
function createSubjectKeyIdentifier(publicKeyInfo: SubjectPublicKeyInfo): SubjectKeyIdentifier {
  const digest = createHash('sha256').update(Buffer.from(publicKeyInfo.subjectPublicKey)).digest();
  return new SubjectKeyIdentifier(toArrayBuffer(digest.subarray(0, 20)));
}

function toArrayBuffer(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
