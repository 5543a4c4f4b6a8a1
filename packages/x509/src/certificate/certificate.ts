import { createPublicKey, type JsonWebKeyInput, type KeyObject, type PublicKeyInput } from 'node:crypto';
import {
  areOctetsEqual,
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
  isWithin,
  readSingle,
  refuseDer,
  toText,
  decodeAll,
  enterSequence,
} from '../encoding/der.js';
import { findMlDsaParameterSet, mlDsaKeyLengths, nameMlDsa } from './ml-dsa.js';
import { type Curve, curves, rsassaPss } from './signature-algorithm.js';

/**
 * The fields of a certificate (RFC 5280 §4.1), as they are in its DER. The functions below decode its names and its
 * key. Other files of this room decode the content of its extensions.
 */
export interface CertificateStructure {
  readonly der: Uint8Array;
  /** The octets that the signature is over, header included. */
  readonly tbsCertificate: Uint8Array;
  readonly signatureAlgorithm: DerElement;
  readonly signature: Uint8Array;
  readonly version: 1 | 2 | 3;
  /** The INTEGER: two's complement, minimal. */
  readonly serialNumber: DerElement;
  readonly issuer: DerElement;
  /** Milliseconds since 1970-01-01T00:00:00Z; both ends belong to the validity (§4.1.2.5). */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly subject: DerElement;
  readonly subjectPublicKeyInfo: DerElement;
  /** The extensions by object identifier. */
  readonly extensions: ReadonlyMap<string, CertificateExtension>;
}

/** Must run under `readDer`: it throws for bytes that are not a certificate. */
export function decodeCertificateStructure(der: Uint8Array): CertificateStructure {
  const certificate = enterSequence(der);
  const tbsElement = certificate.read(derTags.sequence);
  const signatureAlgorithm = certificate.read(derTags.sequence);
  const signature = decodeOctetAlignedBitString(certificate.read(derTags.bitString)).content;
  certificate.expectEnd();

  const tbs = new DerReader(tbsElement);
  const version = decodeVersion(tbs);
  const serialNumber = decodeInteger(tbs.read(derTags.integer));
  // RFC 5280 §4.1.1.2: both fields must contain the same algorithm identifier.
  if (!areOctetsEqual(tbs.read(derTags.sequence).encoded, signatureAlgorithm.encoded)) {
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
  const extensions = tagged === undefined ? noExtensions : decodeExtensionList(readSingle(tagged, derTags.sequence));
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
  const version = decodeSmallInteger(readSingle(tagged, derTags.integer)) + 1;
  // Version 1 is the default, and DER doesn't encode defaults.
  return version === 2 || version === 3 ? version : refuseDer('a certificate version that does not exist');
}

function skipUniqueIdentifiers(tbs: DerReader): boolean {
  const issuer = tbs.readOptional(contextPrimitive(1));
  const subject = tbs.readOptional(contextPrimitive(2));
  for (const element of [issuer, subject]) {
    // The content must be that of a BIT STRING (X.690 §8.6.2). OpenSSL can't read a certificate with another content.
    const [unused = 8] = element?.content ?? [0];
    if (unused > (element?.length === 1 ? 0 : 7)) refuseDer('a unique identifier that is not a BIT STRING');
  }
  return issuer !== undefined || subject !== undefined;
}

/**
 * One extension of a certificate, a CRL, a CRL entry or an OCSP response, which share this form (RFC 5280 §4.1, §5.1).
 */
export interface CertificateExtension {
  readonly isCritical: boolean;
  /** The content of the OCTET STRING: the DER of the extension's own structure. */
  readonly value: Uint8Array;
}

/** Decodes `Extensions ::= SEQUENCE SIZE (1..MAX)` into a map by object identifier. */
export function decodeExtensionList(sequence: DerElement): ReadonlyMap<string, CertificateExtension> {
  const extensions = new Map<string, CertificateExtension>();
  const list = new DerReader(sequence);
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

// Name (RFC 5280 §4.1.2.4)

/** One attribute of a relative distinguished name: its type's object identifier and its text. */
export interface NameAttribute {
  readonly type: string;
  /** The decoded text, without escapes, so it may contain control characters. */
  readonly value: string;
  /**
   * Set if the value is not a DirectoryString (RFC 5280 §4.1.2.4) or an IA5String. `value` is then `#` and the DER in
   * hexadecimal, which a text could also contain.
   */
  readonly isEncoded?: true;
}

/** RFC 5280 §4.1.2.4: relative distinguished names in the order of the encoding. */
export type DistinguishedName = readonly (readonly NameAttribute[])[];

export function decodeDistinguishedName(name: DerElement): DistinguishedName {
  const names: (readonly NameAttribute[])[] = [];
  const reader = new DerReader(name);
  while (!reader.isAtEnd) names.push(decodeRelativeDistinguishedName(reader.enter(derTags.set)));
  return names;
}

/** Decodes `SET SIZE (1..MAX) OF AttributeTypeAndValue` with a reader over the content of the SET. */
export function decodeRelativeDistinguishedName(set: DerReader): readonly NameAttribute[] {
  return decodeAll(set, () => decodeAttribute(set.enter(derTags.sequence)));
}

function decodeAttribute(reader: DerReader): NameAttribute {
  const type = decodeObjectIdentifier(reader.read(derTags.objectIdentifier));
  const element = reader.read();
  reader.expectEnd();
  const value = decodeDirectoryString(element);
  // RFC 4514 §2.4.
  if (value === undefined) return { type, value: `#${Buffer.from(element.encoded).toString('hex')}`, isEncoded: true };
  return { type, value };
}

/** Decodes a DirectoryString (RFC 5280 §4.1.2.4) or an IA5String. Undefined for any other type. */
function decodeDirectoryString(element: DerElement): string | undefined {
  switch (element.tag) {
    case derTags.utf8String:
    case derTags.printableString:
    case derTags.ia5String:
      return isWithin(element, 0, 0x7f) ? toText(element, 'latin1') : decodeBeyondAscii(element);
    case derTags.teletexString:
      return toText(element, 'latin1');
    case derTags.universalString:
      return element.length % 4 === 0
        ? decodeUniversalString(element.content)
        : refuseDer('a UniversalString of broken characters');
    case derTags.bmpString:
      return element.length % 2 === 0 ? decodeBmpString(element.content) : refuseDer('an odd BMPString');
    default:
      return undefined;
  }
}

/** Decodes UCS-4. If these texts were not read, a name in this type would escape a comparison. */
function decodeUniversalString(content: Uint8Array): string {
  const bytes = Buffer.from(content);
  return Array.from({ length: bytes.length / 4 }, (_, index) => {
    const character = bytes.readUInt32BE(index * 4);
    const isCharacter = character <= 0x10ffff && (character < 0xd800 || character > 0xdfff);
    return isCharacter ? String.fromCodePoint(character) : refuseDer('a UniversalString of broken characters');
  }).join('');
}

/**
 * Decodes UCS-2, in practice UTF-16 with surrogate pairs. Half a pair is refused: another reader would turn it into
 * U+FFFD, so that two different names would look the same.
 */
function decodeBmpString(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).swap16().toString('utf16le');
  return /\p{Cs}/u.test(text) ? refuseDer('a BMPString of broken characters') : text;
}

function decodeBeyondAscii({ tag, content }: DerElement): string {
  if (tag !== derTags.utf8String) return refuseDer('a name with octets above 127');
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    return refuseDer('a name that is not UTF-8');
  }
}

// SubjectPublicKeyInfo (RFC 5280 §4.1.2.7)

/**
 * The key in a subject public key info (RFC 3279, RFC 5480, RFC 8410, RFC 9881). `other` is any other algorithm, or
 * ML-DSA with parameters.
 */
export type CertificatePublicKey =
  | { readonly algorithm: 'rsa'; readonly bits: number }
  | { readonly algorithm: 'ec'; readonly curve: string }
  | { readonly algorithm: 'ed25519' }
  | { readonly algorithm: 'ed448' }
  | { readonly algorithm: 'ml-dsa-44' | 'ml-dsa-65' | 'ml-dsa-87' }
  | { readonly algorithm: 'other'; readonly objectIdentifier: string };

/**
 * Names of curves for which decoding doesn't check that the point is on them. `strict` refuses their keys. In `rfc5280`,
 * OpenSSL checks the point.
 */
const otherCurveNames: Readonly<Record<string, string>> = {
  '1.2.840.10045.3.1.1': 'P-192',
  '1.3.132.0.33': 'P-224',
};
export const rsaEncryption = '1.2.840.113549.1.1.1';
export const ecPublicKey = '1.2.840.10045.2.1';
/** RFC 8032 §5.1.5 and §5.2.5. */
const edwardsKeys: Readonly<Record<string, { readonly algorithm: 'ed25519' | 'ed448'; readonly octets: number }>> = {
  '1.3.101.112': { algorithm: 'ed25519', octets: 32 },
  '1.3.101.113': { algorithm: 'ed448', octets: 57 },
};

/**
 * Decodes a key, and refuses what can't be a key if a check of a few microseconds shows it. For example, it refuses an
 * even modulus and the point at infinity, which OpenSSL accepts.
 */
export function decodePublicKey(subjectPublicKeyInfo: DerElement): CertificatePublicKey {
  const info = new DerReader(subjectPublicKeyInfo);
  const algorithm = info.enter(derTags.sequence);
  const objectIdentifier = decodeObjectIdentifier(algorithm.read(derTags.objectIdentifier));
  const key = decodeOctetAlignedBitString(info.read(derTags.bitString));
  info.expectEnd();
  switch (objectIdentifier) {
    case rsaEncryption:
    case rsassaPss:
      return { algorithm: 'rsa', bits: countModulusBits(key) };
    case ecPublicKey:
      return { algorithm: 'ec', curve: decodeCurve(algorithm, key, subjectPublicKeyInfo) };
    default: {
      const edwards = edwardsKeys[objectIdentifier];
      // RFC 8410 §3: the parameters must be absent. OpenSSL and Go refuse them too.
      if (edwards !== undefined && (key.length !== edwards.octets || !algorithm.isAtEnd))
        return refuseDer('an Edwards key of another length, or with parameters');
      if (edwards !== undefined) return { algorithm: edwards.algorithm };
      const parameterSet = findMlDsaParameterSet(objectIdentifier);
      // RFC 9881 §2: the parameters must be absent.
      if (parameterSet === undefined || !algorithm.isAtEnd) return { algorithm: 'other', objectIdentifier };
      if (key.length === mlDsaKeyLengths[parameterSet]) return { algorithm: parameterSet };
      return refuseDer(`an ${nameMlDsa(parameterSet)} key of ${key.length} octets`);
    }
  }
}

/** Returns the modulus' length in bits, after checking both numbers of an RSAPublicKey (RFC 8017 §A.1.1). */
function countModulusBits(key: DerElement): number {
  const reader = enterSequence(key);
  const modulus = decodeInteger(reader.read(derTags.integer)).content;
  const exponent = decodeInteger(reader.read(derTags.integer)).content;
  reader.expectEnd();
  const first = modulus[0] ?? 0;
  if (first >= 0x80) return refuseDer('a negative RSA modulus');
  // The modulus is the product of odd primes (RFC 8017 §3.1).
  if (!isOdd(modulus)) return refuseDer('an even RSA modulus');
  // RFC 8017 §3.1: odd, and at least 3. If the exponent is 1, anybody can sign, and OpenSSL accepts that.
  if ((exponent[0] ?? 0x80) >= 0x80 || !isOdd(exponent) || (exponent.length === 1 && (exponent[0] ?? 0) < 3)) {
    return refuseDer('an RSA exponent that is none');
  }
  // FIPS 186-5: below 2^256. An exponent as long as the modulus makes a verification take milliseconds, and
  // OpenSSL accepts it.
  if (exponent.length > 33 || (exponent.length === 33 && exponent[0] !== 0)) {
    return refuseDer('an RSA exponent of more than 256 bits');
  }
  const significant = first === 0 ? modulus.subarray(1) : modulus;
  return significant.length * 8 - Math.clz32(significant[0] ?? 0) + 24;
}

function isOdd(integer: Uint8Array): boolean {
  return (integer.at(-1) ?? 0) % 2 === 1;
}

/**
 * Returns the name of a named curve (RFC 5480 §2.1.1), or its object identifier if this package has no name for it.
 * With explicit parameters, the caller chooses the mathematics (CVE-2020-0601), so a key without a named curve gets a
 * name of its own, which `judgeKey` calls too weak.
 */
function decodeCurve(algorithm: DerReader, point: DerElement, subjectPublicKeyInfo: DerElement): string {
  if (algorithm.isAtEnd) return refuseDer('an EC key without its curve');
  if (algorithm.peekTag() !== derTags.objectIdentifier) return 'explicit parameters';
  const objectIdentifier = decodeObjectIdentifier(algorithm.read(derTags.objectIdentifier));
  algorithm.expectEnd();
  const curve = curves[objectIdentifier];
  if (!isPoint(point, curve, subjectPublicKeyInfo)) return refuseDer('an EC key that is not a point of its curve');
  return curve?.name ?? otherCurveNames[objectIdentifier] ?? objectIdentifier;
}

/**
 * Whether the octets are an uncompressed or compressed point of the curve (RFC 5480 §2.2). If `curve` is undefined,
 * only the first octet is checked. Neither form can encode the point at infinity. The curves in `curves` have a prime
 * order, so every other point has that order (SP 800-56A §5.6.2.3.3).
 */
function isPoint(point: DerElement, curve: Curve | undefined, { encoded }: DerElement): boolean {
  const hex = toText(point, 'hex');
  const isCompressed = hex.startsWith('02') || hex.startsWith('03');
  if (!isCompressed && !hex.startsWith('04')) return false;
  if (curve === undefined) return true;
  const { octets, prime, b } = curve;
  if (point.length !== 1 + (isCompressed ? octets : 2 * octets)) return false;
  // Our own square root would take longer than OpenSSL's, and hardly any CA compresses points.
  if (isCompressed) return readPublicKey(encoded) !== undefined;
  const x = BigInt(`0x${hex.slice(2, 2 + 2 * octets)}`);
  const y = BigInt(`0x${hex.slice(2 + 2 * octets)}`);
  return x < prime && y < prime && (y * y - x * x * x + 3n * x - b) % prime === 0n;
}

/** Undefined if the runtime can't read the key. */
export function importKey(input: JsonWebKeyInput | PublicKeyInput): KeyObject | undefined {
  try {
    return createPublicKey(input);
  } catch {
    return undefined;
  }
}

/** Undefined if the runtime can't read the key. */
export function readPublicKey(subjectPublicKeyInfo: Uint8Array): KeyObject | undefined {
  return importKey({ key: Buffer.from(subjectPublicKeyInfo), format: 'der', type: 'spki' });
}
