import { hash } from 'node:crypto';
import { decodeCertificateStructure } from '../certificate/certificate.js';
import {
  areOctetsEqual,
  type DerReader,
  decodeObjectIdentifier,
  decodeOctetAlignedBitString,
  decodeInteger,
  derTags,
  refuseDer,
  toHex,
  tryDer,
  enterSequence,
} from '../encoding/der.js';
import type { PathCertificate } from '../certificate/path-certificate.js';

/** The digest with which an answer identifies the issuer, by its name in `node:crypto`. */
export type OcspDigest = 'sha1' | 'sha256' | 'sha384' | 'sha512';

const digests: Readonly<Record<string, OcspDigest>> = {
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};

/** Identifies the certificate that an OCSP request or answer is about (RFC 6960 §4.1.1). */
export interface OcspCertificateId {
  /** Undefined if the digest is not known here. The identifier then fits no certificate. */
  readonly digest: OcspDigest | undefined;
  readonly issuerNameHash: Uint8Array;
  readonly issuerKeyHash: Uint8Array;
  /** In upper-case hexadecimal. */
  readonly serialNumber: string;
}

export function decodeOcspCertificateId(reader: DerReader): OcspCertificateId {
  const algorithm = reader.enter(derTags.sequence);
  const digest = digests[decodeObjectIdentifier(algorithm.read(derTags.objectIdentifier))];
  const parameters = algorithm.readOptional(derTags.null);
  algorithm.expectEnd();
  if (parameters !== undefined && parameters.length > 0) refuseDer('a NULL with content');
  const issuerNameHash = reader.read(derTags.octetString).content;
  const issuerKeyHash = reader.read(derTags.octetString).content;
  const serialNumber = toHex(decodeInteger(reader.read(derTags.integer)));
  reader.expectEnd();
  return { digest, issuerNameHash, issuerKeyHash, serialNumber };
}

/** The issuer's name, its key and the serial number must all fit: many issuers may use the same serial number. */
export function isAboutCertificate(
  id: OcspCertificateId,
  certificate: PathCertificate,
  issuer: PathCertificate,
): boolean {
  if (id.digest === undefined || id.serialNumber !== certificate.serialNumber) return false;
  const hashes = hashIssuer(certificate, issuer, id.digest);
  return (
    hashes !== undefined &&
    areOctetsEqual(hashes.name, id.issuerNameHash) &&
    areOctetsEqual(hashes.key, id.issuerKeyHash)
  );
}

/**
 * §4.1.1: hashes the issuer's name as the certificate has it, and the issuer's public key without algorithm and
 * headers. Undefined if one of them can't be decoded.
 */
export function hashIssuer(
  certificate: PathCertificate,
  issuer: PathCertificate,
  digest: OcspDigest,
): { readonly name: Buffer; readonly key: Buffer } | undefined {
  return tryDer(() => {
    const name = decodeCertificateStructure(certificate.der).issuer.encoded;
    return { name: hash(digest, name, 'buffer'), key: hash(digest, readKeyBits(issuer), 'buffer') };
  });
}

type KeyHolder = Pick<PathCertificate, 'verificationKey'>;

/** KeyHash (§4.2.1), with which a responder may identify itself; always SHA-1. */
export function hashResponderKey(responder: KeyHolder): Buffer | undefined {
  return tryDer(() => hash('sha1', readKeyBits(responder), 'buffer'));
}

function readKeyBits({ verificationKey }: KeyHolder): Uint8Array {
  const info = enterSequence(verificationKey.subjectPublicKeyInfo);
  info.read(derTags.sequence);
  return decodeOctetAlignedBitString(info.read(derTags.bitString)).content;
}
