import { type CertificateExtension, decodeExtensionList } from './extension-list.js';
import {
  type DerElement,
  DerReader,
  contextConstructed,
  contextPrimitive,
  decodeInteger,
  decodeOctetAlignedBitString,
  decodeSmallInteger,
  decodeTime,
  derTags,
  readSingle,
  refuseDer,
} from './encoding/der.js';

/** The fields of a certificate (RFC 5280 §4.1) as they stand in its DER: names and keys are not looked into here. */
export interface CertificateStructure {
  readonly der: Uint8Array;
  /** What the signature is over, header included. */
  readonly tbsCertificate: Uint8Array;
  readonly signatureAlgorithm: DerElement;
  readonly signature: Uint8Array;
  readonly version: 1 | 2 | 3;
  /** The content of the INTEGER: two's complement, minimal. */
  readonly serialNumber: Uint8Array;
  readonly issuer: DerElement;
  /** Milliseconds since 1970-01-01T00:00:00Z; both ends belong to the validity (§4.1.2.5). */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly subject: DerElement;
  readonly subjectPublicKeyInfo: DerElement;
  /** By object identifier. */
  readonly extensions: ReadonlyMap<string, CertificateExtension>;
}

/** Runs under `readDer`: whatever is no certificate is refused there. */
export function decodeCertificateStructure(der: Uint8Array): CertificateStructure {
  const certificate = new DerReader(readSingle(der, derTags.sequence).content);
  const tbsElement = certificate.read(derTags.sequence);
  const signatureAlgorithm = certificate.read(derTags.sequence);
  const signature = decodeOctetAlignedBitString(certificate.read(derTags.bitString));
  certificate.expectEnd();

  const tbs = new DerReader(tbsElement.content);
  const version = decodeVersion(tbs);
  const serialNumber = decodeInteger(tbs.read(derTags.integer));
  // RFC 5280 §4.1.1.2: both fields must contain the same algorithm identifier.
  if (Buffer.compare(tbs.read(derTags.sequence).encoded, signatureAlgorithm.encoded) !== 0) {
    return refuseDer('two different signature algorithms in one certificate');
  }
  const issuer = tbs.read(derTags.sequence);
  const validity = tbs.enter(derTags.sequence);
  const notBefore = decodeTime(validity.read());
  const notAfter = decodeTime(validity.read());
  validity.expectEnd();
  const subject = tbs.read(derTags.sequence);
  const subjectPublicKeyInfo = tbs.read(derTags.sequence);
  const hasUniqueIdentifiers = skipUniqueIdentifiers(tbs);
  const tagged = tbs.readOptional(contextConstructed(3));
  const extensions =
    tagged === undefined ? noExtensions : decodeExtensionList(readSingle(tagged.content, derTags.sequence));
  tbs.expectEnd();
  // §4.1.2.1, §4.1.2.8: unique identifiers came with version 2, extensions with version 3.
  if (version < 3 && extensions.size > 0) return refuseDer('extensions in a certificate before version 3');
  if (version < 2 && hasUniqueIdentifiers) return refuseDer('unique identifiers in a version 1 certificate');
  return {
    der,
    tbsCertificate: tbsElement.encoded,
    signatureAlgorithm,
    signature,
    version,
    serialNumber,
    issuer,
    notBefore,
    notAfter,
    subject,
    subjectPublicKeyInfo,
    extensions,
  };
}

const noExtensions: ReadonlyMap<string, CertificateExtension> = new Map();

function decodeVersion(tbs: DerReader): 1 | 2 | 3 {
  const tagged = tbs.readOptional(contextConstructed(0));
  if (tagged === undefined) return 1;
  const version = decodeSmallInteger(readSingle(tagged.content, derTags.integer)) + 1;
  // Version 1 is the DEFAULT, which DER doesn't encode.
  return version === 2 || version === 3 ? version : refuseDer('a certificate version that does not exist');
}

function skipUniqueIdentifiers(tbs: DerReader): boolean {
  const issuer = tbs.readOptional(contextPrimitive(1));
  const subject = tbs.readOptional(contextPrimitive(2));
  return issuer !== undefined || subject !== undefined;
}
