import { hash } from 'node:crypto';
import { type CertificateExtensions, decodeExtensions } from './certificate-extensions.js';
import { type CertificatePublicKey, decodePublicKey } from './certificate-public-key.js';
import {
  type DistinguishedName,
  decodeDistinguishedName,
  findCommonName,
  formatDistinguishedName,
} from './distinguished-name.js';
import { findMistakenStructure } from './mistaken-structure.js';
import {
  DerReader,
  contextConstructed,
  contextPrimitive,
  decodeInteger,
  decodeOctetAlignedBitString,
  decodeSmallInteger,
  decodeTime,
  derTags,
  readDer,
  readSingle,
  refuseDer,
} from './encoding/der.js';

/** An end-entity certificate as it came: read from DER, frozen; names and hashes are worked out when asked for. */
export interface ClientCertificate extends CertificateExtensions {
  readonly der: Uint8Array;
  /** SHA-256 of the DER, 64 upper-case hexadecimal digits. */
  readonly thumbprintSha256: string;
  /** SHA-1 of the DER, 40 upper-case hexadecimal digits; for pins that are being migrated. */
  readonly thumbprintSha1: string;
  /** SHA-256 of the subject public key info's DER, 64 upper-case hexadecimal digits. */
  readonly publicKeySha256: string;
  /** Upper-case hexadecimal, as encoded. */
  readonly serialNumber: string;
  /** RFC 4514 text, control characters escaped. */
  readonly subject: string;
  readonly issuer: string;
  readonly subjectName: DistinguishedName;
  /** As encoded, control characters included: log `subject` instead. */
  readonly commonName: string | undefined;
  /** Milliseconds since 1970-01-01T00:00:00Z; both ends belong to the validity (RFC 5280 §4.1.2.5). */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly publicKey: CertificatePublicKey;
}

export type ClientCertificateDecoding =
  { readonly ok: true; readonly certificate: ClientCertificate } | { readonly ok: false; readonly fault: string };

/**
 * DER → ClientCertificate (RFC 5280 §4.1). Answers with a fault, in words for the operator, when the bytes are anything
 * but one X.509 certificate; says so when they are a private key or a signing request.
 */
export function decodeClientCertificate(der: Uint8Array): ClientCertificateDecoding {
  const decoding = readDer(() => decodeCertificate(der));
  if (decoding.ok) return { ok: true, certificate: new DecodedCertificate(der, decoding.value) };
  return { ok: false, fault: findMistakenStructure(der) ?? decoding.fault };
}

interface CertificateFields {
  readonly serialNumber: Uint8Array;
  readonly issuer: DistinguishedName;
  readonly subject: DistinguishedName;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly publicKeyInfo: Uint8Array;
  readonly publicKey: CertificatePublicKey;
  readonly extensions: CertificateExtensions;
}

function decodeCertificate(der: Uint8Array): CertificateFields {
  const certificate = new DerReader(readSingle(der, derTags.sequence).content);
  const tbs = certificate.enter(derTags.sequence);
  const outerAlgorithm = certificate.read(derTags.sequence).encoded;
  decodeOctetAlignedBitString(certificate.read(derTags.bitString));
  certificate.expectEnd();

  const version = decodeVersion(tbs);
  const serialNumber = decodeInteger(tbs.read(derTags.integer));
  // RFC 5280 §4.1.1.2: both fields must contain the same algorithm identifier.
  if (!Buffer.from(tbs.read(derTags.sequence).encoded).equals(outerAlgorithm)) {
    return refuseDer('two different signature algorithms in one certificate');
  }
  const issuer = decodeDistinguishedName(tbs.read(derTags.sequence));
  const validity = tbs.enter(derTags.sequence);
  const notBefore = decodeTime(validity.read());
  const notAfter = decodeTime(validity.read());
  validity.expectEnd();
  const subject = decodeDistinguishedName(tbs.read(derTags.sequence));
  const publicKeyInfo = tbs.read(derTags.sequence);
  const publicKey = decodePublicKey(publicKeyInfo);
  const hasUniqueIdentifiers = skipUniqueIdentifiers(tbs);
  const extensions = decodeExtensions(tbs.readOptional(contextConstructed(3)));
  tbs.expectEnd();
  // §4.1.2.1, §4.1.2.8: unique identifiers came with version 2, extensions with version 3.
  if (version < 3 && extensions.hasExtensions) return refuseDer('extensions in a certificate before version 3');
  if (version < 2 && hasUniqueIdentifiers) return refuseDer('unique identifiers in a version 1 certificate');
  return {
    serialNumber,
    issuer,
    subject,
    notBefore,
    notAfter,
    publicKeyInfo: publicKeyInfo.encoded,
    publicKey,
    extensions,
  };
}

function decodeVersion(tbs: DerReader): number {
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

class DecodedCertificate implements ClientCertificate {
  readonly der: Uint8Array;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly publicKey: CertificatePublicKey;
  readonly hasExtensions: boolean;
  readonly isCertificateAuthority: boolean;
  readonly keyUsage: CertificateExtensions['keyUsage'];
  readonly extendedKeyUsage: CertificateExtensions['extendedKeyUsage'];
  readonly subjectAlternativeNames: CertificateExtensions['subjectAlternativeNames'];
  readonly unknownCriticalExtensions: CertificateExtensions['unknownCriticalExtensions'];
  readonly #fields: CertificateFields;
  #thumbprintSha256: string | undefined;
  #thumbprintSha1: string | undefined;
  #publicKeySha256: string | undefined;

  constructor(der: Uint8Array, fields: CertificateFields) {
    this.der = der;
    this.notBefore = fields.notBefore;
    this.notAfter = fields.notAfter;
    this.publicKey = fields.publicKey;
    this.hasExtensions = fields.extensions.hasExtensions;
    this.isCertificateAuthority = fields.extensions.isCertificateAuthority;
    this.keyUsage = fields.extensions.keyUsage;
    this.extendedKeyUsage = fields.extensions.extendedKeyUsage;
    this.subjectAlternativeNames = fields.extensions.subjectAlternativeNames;
    this.unknownCriticalExtensions = fields.extensions.unknownCriticalExtensions;
    this.#fields = fields;
    Object.freeze(this);
  }

  get thumbprintSha256(): string {
    return (this.#thumbprintSha256 ??= hashHex('sha256', this.der));
  }

  get thumbprintSha1(): string {
    return (this.#thumbprintSha1 ??= hashHex('sha1', this.der));
  }

  get publicKeySha256(): string {
    return (this.#publicKeySha256 ??= hashHex('sha256', this.#fields.publicKeyInfo));
  }

  get serialNumber(): string {
    return Buffer.from(this.#fields.serialNumber).toString('hex').toUpperCase();
  }

  get subjectName(): DistinguishedName {
    return this.#fields.subject;
  }

  get subject(): string {
    return formatDistinguishedName(this.#fields.subject);
  }

  get issuer(): string {
    return formatDistinguishedName(this.#fields.issuer);
  }

  get commonName(): string | undefined {
    return findCommonName(this.#fields.subject);
  }
}

/** Upper-case hexadecimal, as Azure shows thumbprints. */
export function hashHex(algorithm: 'sha256' | 'sha1', bytes: Uint8Array): string {
  return hash(algorithm, bytes, 'hex').toUpperCase();
}
