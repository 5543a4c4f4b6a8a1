// certificate/: one certificate (RFC 5280 §4): its names, extensions, key and signature; whether it suits a client.

import { hash } from 'node:crypto';
import {
  type CertificateExtension,
  type CertificatePublicKey,
  type CertificateStructure,
  decodeCertificateStructure,
  decodeDistinguishedName,
  decodePublicKey,
  type DistinguishedName,
} from './certificate.js';
import { findCommonName, formatDistinguishedName, readFieldAfterSignature } from './distinguished-name.js';
import { decodeSubjectAlternativeNames, type SubjectAlternativeName } from './general-name.js';
import {
  contextConstructed,
  decodeBoolean,
  decodeNamedBits,
  decodeObjectIdentifier,
  decodeSmallInteger,
  derTags,
  readDer,
  readDerHeader,
  readSingle,
  refuseDer,
  toHex,
  tryDer,
  decodeAll,
  enterSequence,
} from '../encoding/der.js';
import { type ArgumentRule, expectArgument, isObject, octets } from '../encoding/own-members.js';

/**
 * A client's own certificate, decoded from DER and frozen. `subject`, `issuer`, `commonName`, `serialNumber` and the
 * hashes are computed when they are read.
 */
export interface ClientCertificate extends CertificateExtensions {
  readonly der: Uint8Array;
  /** SHA-256 of the DER, 64 upper-case hexadecimal digits. */
  readonly thumbprintSha256: string;
  /** SHA-1 of the DER, 40 upper-case hexadecimal digits; only for pins that are being migrated. */
  readonly thumbprintSha1: string;
  /** SHA-256 of the subject public key info's DER, 64 upper-case hexadecimal digits. */
  readonly publicKeySha256: string;
  /** Upper-case hexadecimal, as encoded. */
  readonly serialNumber: string;
  /** RFC 4514 text, with control characters escaped. */
  readonly subject: string;
  readonly issuer: string;
  readonly subjectName: DistinguishedName;
  readonly issuerName: DistinguishedName;
  /**
   * The text of the most specific common name, without escapes: it may contain control characters, so log `subject`
   * instead. Undefined if the subject has none, or if its value is not a text.
   */
  readonly commonName: string | undefined;
  /** Milliseconds since 1970-01-01T00:00:00Z; both ends belong to the validity (RFC 5280 §4.1.2.5). */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly publicKey: CertificatePublicKey;
}

/** The certificate, or what is wrong with the bytes, in words for the operator. */
export type ClientCertificateDecoding =
  | { readonly ok: true; readonly certificate: ClientCertificate }
  | { readonly ok: false; readonly fault: string };

/**
 * Decodes DER to a ClientCertificate (RFC 5280 §4.1). If the bytes are not exactly one X.509 certificate, the answer is
 * a fault in words for the operator. The fault says so if the bytes look like a signing request, or like a private key
 * that is not encrypted; a PFX file looks like one.
 *
 * @example
 * ```ts
 * import { readFileSync } from 'node:fs';
 * import { decodeClientCertificate } from '@certgate/x509';
 *
 * const decoding = decodeClientCertificate(readFileSync('client.der'));
 * console.log(decoding.ok ? decoding.certificate.subject : decoding.fault);
 * ```
 */
export function decodeClientCertificate(der: Uint8Array): ClientCertificateDecoding {
  expectArgument(der, octets, 'The DER for decodeClientCertificate');
  const decoding = readDer(() => decodeCertificate(der));
  if (decoding.ok) return { ok: true, certificate: new DecodedCertificate(der, decoding.value) };
  return { ok: false, fault: findMistakenStructure(der) ?? decoding.fault };
}

/** The rule that `decodedBy` would make, written out: a bundler leaves out an unused object, but keeps a call. */
export const aClientCertificate: ArgumentRule = {
  words: 'what decodeClientCertificate gives as its value',
  holds: (value) =>
    isObject(value) &&
    [
      'notBefore',
      'notAfter',
      'publicKey',
      'isCertificateAuthority',
      'keyUsage',
      'extendedKeyUsage',
      'unknownCriticalExtensions',
    ].every((name) => Object.hasOwn(value, name)),
};

/** The decoded fields, for code that reads the same certificate in another view, such as `decodePathCertificate`. */
export interface CertificateFields {
  readonly structure: CertificateStructure;
  readonly issuer: DistinguishedName;
  readonly subject: DistinguishedName;
  readonly publicKey: CertificatePublicKey;
  readonly extensions: CertificateExtensions;
}

function decodeCertificate(der: Uint8Array): CertificateFields {
  const structure = decodeCertificateStructure(der);
  return {
    structure,
    issuer: decodeDistinguishedName(structure.issuer),
    subject: decodeDistinguishedName(structure.subject),
    publicKey: decodePublicKey(structure.subjectPublicKeyInfo),
    extensions: decodeExtensions(structure.extensions),
  };
}

/**
 * Keeps the decoded fields of a certificate. The class is separate from `DecodedCertificate`, because a bundle of
 * `decodePathCertificate` needs only this one.
 */
export class KeptFields {
  readonly #fields: CertificateFields;

  constructor(fields: CertificateFields) {
    this.#fields = fields;
  }

  /**
   * The fields of a certificate that `decodeClientCertificate` made, otherwise undefined. A copy may have other
   * members, so it has no fields.
   */
  static find(certificate: unknown): CertificateFields | undefined {
    return isObject(certificate) && #fields in certificate ? certificate.#fields : undefined;
  }
}

/** The class of what `decodeClientCertificate` returns. */
class DecodedCertificate extends KeptFields implements ClientCertificate {
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
    super(fields);
    this.der = der;
    this.notBefore = fields.structure.notBefore;
    this.notAfter = fields.structure.notAfter;
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
    return (this.#publicKeySha256 ??= hashHex('sha256', this.#fields.structure.subjectPublicKeyInfo.encoded));
  }

  get serialNumber(): string {
    return toHex(this.#fields.structure.serialNumber);
  }

  get subjectName(): DistinguishedName {
    return this.#fields.subject;
  }

  get issuerName(): DistinguishedName {
    return this.#fields.issuer;
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

/** RFC 5280 §4.2.1.3, in the order of the bits. */
const keyUsageNames = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const;

/** A bit of the key usage extension by its name (RFC 5280 §4.2.1.3). */
export type KeyUsage = (typeof keyUsageNames)[number];

/** The extensions that the end-entity checks need (RFC 5280 §4.2). */
export interface CertificateExtensions {
  /** False if the certificate has no extensions. Those of version 1 or 2 can't have any. */
  readonly hasExtensions: boolean;
  /** `cA` of basicConstraints (§4.2.1.9). */
  readonly isCertificateAuthority: boolean;
  /** Undefined if the extension is absent. */
  readonly keyUsage: readonly KeyUsage[] | undefined;
  /** Object identifiers (§4.2.1.12). Undefined if the extension is absent. */
  readonly extendedKeyUsage: readonly string[] | undefined;
  readonly subjectAlternativeNames: readonly SubjectAlternativeName[];
  /** Object identifiers of critical extensions that the end-entity checks don't understand. */
  readonly unknownCriticalExtensions: readonly string[];
}

const basicConstraints = '2.5.29.19';
const keyUsage = '2.5.29.15';
const extendedKeyUsage = '2.5.29.37';
const subjectAlternativeName = '2.5.29.17';
const understood = new Set([basicConstraints, keyUsage, extendedKeyUsage, subjectAlternativeName]);

/** Decodes the extensions that the end-entity checks read. The map is empty for a certificate of version 1 or 2. */
export function decodeExtensions(extensions: ReadonlyMap<string, CertificateExtension>): CertificateExtensions {
  const find = <T>(type: string, decode: (value: Uint8Array) => T): T | undefined => {
    const extension = extensions.get(type);
    return extension === undefined ? undefined : decode(extension.value);
  };
  return {
    hasExtensions: extensions.size > 0,
    isCertificateAuthority: find(basicConstraints, decodeBasicConstraints)?.isCertificateAuthority ?? false,
    keyUsage: find(keyUsage, decodeKeyUsage),
    extendedKeyUsage: find(extendedKeyUsage, decodeExtendedKeyUsage),
    subjectAlternativeNames: find(subjectAlternativeName, decodeSubjectAlternativeNames) ?? [],
    unknownCriticalExtensions: [...extensions]
      .filter(([type, { isCritical }]) => isCritical && !understood.has(type))
      .map(([type]) => type),
  };
}

/**
 * RFC 5280 §4.2.1.9. `pathLength` is how many CA certificates that are not self-issued may follow; undefined means no
 * limit.
 */
export interface BasicConstraints {
  readonly isCertificateAuthority: boolean;
  readonly pathLength: number | undefined;
}

export function decodeBasicConstraints(value: Uint8Array): BasicConstraints {
  const reader = enterSequence(value);
  const flag = reader.readOptional(derTags.boolean);
  const isCertificateAuthority = flag !== undefined && decodeBoolean(flag);
  const length = reader.readOptional(derTags.integer);
  const pathLength = length === undefined ? undefined : decodeSmallInteger(length);
  reader.expectEnd();
  return { isCertificateAuthority, pathLength };
}

export function decodeKeyUsage(value: Uint8Array, isLenient?: boolean): readonly KeyUsage[] {
  return decodeNamedBits(readSingle(value, derTags.bitString), isLenient).map(
    (bit) => keyUsageNames[bit] ?? refuseDer('a key usage bit that does not exist'),
  );
}

export function decodeExtendedKeyUsage(value: Uint8Array): readonly string[] {
  return decodeAll(enterSequence(value), (purposes) => decodeObjectIdentifier(purposes.read(derTags.objectIdentifier)));
}

/**
 * Recognises, by the first fields, a private key, a PFX file or a signing request, and describes it for the operator.
 * Undefined for anything else. It reads only the first few fields, so that unknown callers can't make it cost more.
 */
export function findMistakenStructure(der: Uint8Array): string | undefined {
  const outer = readDerHeader(der, 0);
  const first = outer === undefined ? undefined : readDerHeader(der, outer.contentStart);
  if (first === undefined) return undefined;
  // PKCS #8 (RFC 5958), PKCS #1 (RFC 8017), SEC 1 (RFC 5915) and PFX (RFC 7292) all begin with a version number of one
  // octet. An RSA public key (RFC 8017 §A.1.1) begins with its modulus.
  if (first.tag === derTags.integer && first.length === 1) {
    return 'it is a private key, not a certificate; treat the key as disclosed and replace it';
  }
  if (der[first.contentStart] === contextConstructed(0)) return undefined;
  return isSigningRequest(der) === true ? 'it is a certificate signing request, not a certificate' : undefined;
}

/**
 * A signing request has version 0 followed by a name (RFC 2986 §4). A version 1 certificate has a serial number
 * followed by an algorithm.
 */
function isSigningRequest(der: Uint8Array): boolean | undefined {
  return tryDer(() => {
    const information = enterSequence(der).enter(derTags.sequence);
    const version = information.read(derTags.integer);
    if (toHex(version) !== '00') return false;
    const name = information.enter(derTags.sequence);
    return name.isAtEnd || name.peekTag() === derTags.set;
  });
}

/**
 * Returns the DER of a certificate's subject public key info without decoding the fields before it, so that an unknown
 * caller's certificate always costs the same few steps, however many names it has. Undefined if the bytes have no such
 * field. It does not check that the bytes are a certificate.
 */
export function findPublicKeyInfo(der: Uint8Array): Uint8Array | undefined {
  return tryDer(() => readFieldAfterSignature(der, 3).encoded);
}

/** Returns the hash in upper-case hexadecimal, as Azure shows thumbprints. */
export function hashHex(algorithm: 'sha256' | 'sha1', bytes: Uint8Array): string {
  return hash(algorithm, bytes, 'hex').toUpperCase();
}
