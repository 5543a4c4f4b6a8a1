import {
  contextConstructed,
  contextPrimitive,
  decodeBoolean,
  decodeInteger,
  decodeObjectIdentifier,
  decodeOctetAlignedBitString,
  decodeSmallInteger,
  decodeTime,
  type DerElement,
  DerReader,
  derTags,
  readDer,
  readDerHeader,
  readSingle,
  refuseDer,
} from '../encoding/der.js';

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

/** One extension of a certificate, a CRL, a CRL entry or an OCSP response: they share the form (RFC 5280 §4.1, §5.1). */
export interface CertificateExtension {
  readonly isCritical: boolean;
  /** What the OCTET STRING holds. */
  readonly value: Uint8Array;
}

/** `Extensions ::= SEQUENCE SIZE (1..MAX)`, by object identifier. */
export function decodeExtensionList(sequence: DerElement): ReadonlyMap<string, CertificateExtension> {
  const extensions = new Map<string, CertificateExtension>();
  const list = new DerReader(sequence.content);
  do {
    const reader = list.enter(derTags.sequence);
    const type = decodeObjectIdentifier(reader.read(derTags.objectIdentifier));
    const critical = reader.readOptional(derTags.boolean);
    const isCritical = critical !== undefined && decodeBoolean(critical);
    if (critical !== undefined && !isCritical) refuseDer('a default value that is encoded');
    const value = reader.read(derTags.octetString).content;
    reader.expectEnd();
    // RFC 5280 §4.2: no more than one instance of an extension.
    if (extensions.has(type)) refuseDer(`the extension ${type} twice`);
    extensions.set(type, { isCritical, value });
  } while (!list.isAtEnd);
  return extensions;
}

/**
 * What people send in place of a certificate, told apart by the first fields inside, in words for the operator; undefined
 * for everything else. The header of a version 3 certificate ends it after three octets: strangers pay for no more.
 */
export function findMistakenStructure(der: Uint8Array): string | undefined {
  const outer = readDerHeader(der, 0);
  const first = outer === undefined ? undefined : readDerHeader(der, outer.contentStart);
  if (first === undefined) return undefined;
  // PKCS #8 (RFC 5958), PKCS #1 (RFC 8017), SEC 1 (RFC 5915) and PFX (RFC 7292) all begin with a version.
  if (first.tag === derTags.integer) {
    return 'it is a private key, not a certificate; treat the key as disclosed and replace it';
  }
  if (der[first.contentStart] === contextConstructed(0)) return undefined;
  return isSigningRequest(der) ? 'it is a certificate signing request, not a certificate' : undefined;
}

/** A signing request's version is 0 and its name follows at once (RFC 2986 §4); a version 1 certificate has an algorithm there. */
function isSigningRequest(der: Uint8Array): boolean {
  const decoding = readDer(() => {
    const information = new DerReader(readSingle(der, derTags.sequence).content).enter(derTags.sequence);
    const version = information.read(derTags.integer);
    if (version.content.length !== 1 || version.content[0] !== 0) return false;
    const name = information.enter(derTags.sequence);
    return name.isAtEnd || name.peekTag() === derTags.set;
  });
  return decoding.ok && decoding.value;
}
