import {
  type DerElement,
  DerReader,
  contextConstructed,
  decodeObjectIdentifier,
  decodeSmallInteger,
  derTags,
  readSingle,
  enterSequence,
} from '../encoding/der.js';
import {
  type MlDsaParameterSet,
  findMlDsaParameterSet,
  isVerifiedByRuntime,
  nameMlDsa,
  runtimeRemedy,
} from './ml-dsa.js';
import { type ArgumentRule, expectArgument, isObject } from '../encoding/own-members.js';

/** A digest, by its name in `node:crypto`. */
export type DigestAlgorithm = 'md5' | 'sha1' | 'sha224' | 'sha256' | 'sha384' | 'sha512';

/**
 * The signature algorithm in an AlgorithmIdentifier (RFC 4055, RFC 5758, RFC 8410, RFC 9881). `unknown` is never
 * verified.
 */
export type SignatureAlgorithm =
  | { readonly scheme: 'rsa-pkcs1' | 'ecdsa'; readonly digest: DigestAlgorithm }
  | { readonly scheme: 'rsa-pss'; readonly digest: DigestAlgorithm; readonly saltLength: number }
  | { readonly scheme: 'ed25519' | 'ed448' | MlDsaParameterSet }
  | { readonly scheme: 'unknown'; readonly objectIdentifier: string };

const rsaPkcs1Digests: Readonly<Record<string, DigestAlgorithm>> = {
  '1.2.840.113549.1.1.4': 'md5',
  '1.2.840.113549.1.1.5': 'sha1',
  '1.2.840.113549.1.1.14': 'sha224',
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
};

const ecdsaDigests: Readonly<Record<string, DigestAlgorithm>> = {
  '1.2.840.10045.4.1': 'sha1',
  '1.2.840.10045.4.3.1': 'sha224',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
};

const digests: Readonly<Record<string, DigestAlgorithm>> = {
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.4': 'sha224',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};

/** RFC 4055 §3.1: the algorithm of a signature, and of a key that makes only such signatures. */
export const rsassaPss = '1.2.840.113549.1.1.10';
const mgf1 = '1.2.840.113549.1.1.8';
const ed25519 = '1.3.101.112';
const ed448 = '1.3.101.113';

export function decodeSignatureAlgorithm(element: DerElement): SignatureAlgorithm {
  const { objectIdentifier, parameters } = readAlgorithm(element);
  const unknown: SignatureAlgorithm = { scheme: 'unknown', objectIdentifier };
  const rsaDigest = rsaPkcs1Digests[objectIdentifier];
  // RFC 4055 §5: the parameters must be NULL, and absent parameters must be accepted as well.
  if (rsaDigest !== undefined) return isNullOrAbsent(parameters) ? { scheme: 'rsa-pkcs1', digest: rsaDigest } : unknown;
  if (objectIdentifier === rsassaPss) return decodePssParameters(parameters) ?? unknown;
  // RFC 5758 §3.2, RFC 8410 §3, RFC 9881 §2: the parameters must be absent.
  if (parameters !== undefined) return unknown;
  const ecdsaDigest = ecdsaDigests[objectIdentifier];
  if (ecdsaDigest !== undefined) return { scheme: 'ecdsa', digest: ecdsaDigest };
  if (objectIdentifier === ed25519) return { scheme: 'ed25519' };
  if (objectIdentifier === ed448) return { scheme: 'ed448' };
  const parameterSet = findMlDsaParameterSet(objectIdentifier);
  return parameterSet === undefined ? unknown : { scheme: parameterSet };
}

const hasDigest: Readonly<Record<SignatureAlgorithm['scheme'], boolean>> = {
  'rsa-pkcs1': true,
  'rsa-pss': true,
  ecdsa: true,
  ed25519: false,
  ed448: false,
  'ml-dsa-44': false,
  'ml-dsa-65': false,
  'ml-dsa-87': false,
  unknown: false,
};

export const aSignatureAlgorithm: ArgumentRule = {
  words: 'the signature algorithm of a certificate, a list or a response',
  holds: (value) => {
    if (!isObject(value) || !Object.hasOwn(value, 'scheme')) return false;
    const { scheme, digest } = value as { readonly scheme: string; readonly digest?: unknown };
    if (!Object.hasOwn(hasDigest, scheme)) return false;
    return (
      !hasDigest[scheme as SignatureAlgorithm['scheme']] ||
      Object.values(rsaPkcs1Digests).includes(digest as DigestAlgorithm)
    );
  },
};

/** The curve y² = x³ − 3x + b modulo the prime (SP 800-186 §3.2.1). */
export interface Curve {
  readonly name: string;
  /** The length of a coordinate in octets. */
  readonly octets: number;
  readonly prime: bigint;
  readonly b: bigint;
}

/** The curves of the keys that are accepted, by object identifier (RFC 5480 §2.1.1.1), the smallest first. */
export const curves: Readonly<Record<string, Curve>> = {
  '1.2.840.10045.3.1.7': {
    name: 'P-256',
    octets: 32,
    prime: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
    b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
  },
  '1.3.132.0.34': {
    name: 'P-384',
    octets: 48,
    prime: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
    b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
  },
  '1.3.132.0.35': {
    name: 'P-521',
    octets: 66,
    prime: 2n ** 521n - 1n,
    b: 0x0051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00n,
  },
};

/** Names of algorithms that this package does not verify, for people. */
const unsupportedAlgorithmNames: Readonly<Record<string, string>> = {
  '1.2.840.10040.4.1': 'DSA',
  '1.2.840.10040.4.3': 'DSA with SHA-1',
  '2.16.840.1.101.3.4.3.1': 'DSA with SHA-224',
  '2.16.840.1.101.3.4.3.2': 'DSA with SHA-256',
  '1.3.101.110': 'X25519',
  '1.3.101.111': 'X448',
  // RFC 9881 §8.3 forbids these in certificates.
  '2.16.840.1.101.3.4.3.32': 'HashML-DSA-44 with SHA-512',
  '2.16.840.1.101.3.4.3.33': 'HashML-DSA-65 with SHA-512',
  '2.16.840.1.101.3.4.3.34': 'HashML-DSA-87 with SHA-512',
  // RFC 9909 §3 (FIPS 205).
  '2.16.840.1.101.3.4.3.20': 'SLH-DSA-SHA2-128s',
  '2.16.840.1.101.3.4.3.21': 'SLH-DSA-SHA2-128f',
  '2.16.840.1.101.3.4.3.22': 'SLH-DSA-SHA2-192s',
  '2.16.840.1.101.3.4.3.23': 'SLH-DSA-SHA2-192f',
  '2.16.840.1.101.3.4.3.24': 'SLH-DSA-SHA2-256s',
  '2.16.840.1.101.3.4.3.25': 'SLH-DSA-SHA2-256f',
  '2.16.840.1.101.3.4.3.26': 'SLH-DSA-SHAKE-128s',
  '2.16.840.1.101.3.4.3.27': 'SLH-DSA-SHAKE-128f',
  '2.16.840.1.101.3.4.3.28': 'SLH-DSA-SHAKE-192s',
  '2.16.840.1.101.3.4.3.29': 'SLH-DSA-SHAKE-192f',
  '2.16.840.1.101.3.4.3.30': 'SLH-DSA-SHAKE-256s',
  '2.16.840.1.101.3.4.3.31': 'SLH-DSA-SHAKE-256f',
};

/** The algorithm's name, if it is known, and always its object identifier, because people search for that. */
export function describeUnsupportedAlgorithm(objectIdentifier: string): string {
  const parameterSet = findMlDsaParameterSet(objectIdentifier);
  if (parameterSet !== undefined) return `${nameMlDsa(parameterSet)} with parameters (${objectIdentifier})`;
  const name = unsupportedAlgorithmNames[objectIdentifier];
  return name === undefined ? `algorithm ${objectIdentifier}` : `${name} (${objectIdentifier})`;
}

/** The signature algorithm for people. */
export function describeSignatureAlgorithm(algorithm: SignatureAlgorithm): string {
  expectArgument(algorithm, aSignatureAlgorithm, 'The algorithm for describeSignatureAlgorithm');
  if (algorithm.scheme === 'unknown') {
    const { objectIdentifier } = algorithm;
    return isKnownAlgorithm(objectIdentifier)
      ? `algorithm ${objectIdentifier} with parameters that are not supported`
      : describeUnsupportedAlgorithm(objectIdentifier);
  }
  if ('digest' in algorithm) return `${algorithm.scheme} with ${algorithm.digest}`;
  const parameterSet = findParameterSet(algorithm);
  return parameterSet === undefined ? algorithm.scheme : nameMlDsa(parameterSet);
}

function isKnownAlgorithm(objectIdentifier: string): boolean {
  const tables = [rsaPkcs1Digests, ecdsaDigests];
  return (
    tables.some((table) => Object.hasOwn(table, objectIdentifier)) ||
    [rsassaPss, ed25519, ed448].includes(objectIdentifier)
  );
}

/** False only for an algorithm that Certgate supports but this Node can't verify. */
export function isVerifiable(algorithm: SignatureAlgorithm): boolean {
  const parameterSet = findParameterSet(algorithm);
  return parameterSet === undefined || isVerifiedByRuntime(parameterSet);
}

export function findParameterSet({ scheme }: SignatureAlgorithm): MlDsaParameterSet | undefined {
  return scheme === 'ml-dsa-44' || scheme === 'ml-dsa-65' || scheme === 'ml-dsa-87' ? scheme : undefined;
}

/**
 * Names an algorithm whose signatures are refused, as part of a sentence. If the reason is that this Node can't verify
 * them, it also says what to do.
 */
export function describeRefusedAlgorithm(algorithm: SignatureAlgorithm): string {
  const described = describeSignatureAlgorithm(algorithm);
  return isVerifiable(algorithm) ? described : `${described}: ${runtimeRemedy}`;
}

/** Reads an `AlgorithmIdentifier` (RFC 5280 §4.1.1.2). */
function readAlgorithm(element: DerElement): {
  readonly objectIdentifier: string;
  readonly parameters: DerElement | undefined;
} {
  const reader = new DerReader(element);
  const objectIdentifier = decodeObjectIdentifier(reader.read(derTags.objectIdentifier));
  const parameters = reader.isAtEnd ? undefined : reader.read();
  reader.expectEnd();
  return { objectIdentifier, parameters };
}

function isNullOrAbsent(parameters: DerElement | undefined): boolean {
  return parameters === undefined || (parameters.tag === derTags.null && parameters.length === 0);
}

/**
 * Decodes RSASSA-PSS-params (RFC 4055 §3.1), which a signature must have. Undefined if the signature can't be verified
 * with them, for example because the mask has another digest. Absent fields have their defaults: SHA-1, and a salt of 20
 * octets.
 */
function decodePssParameters(parameters: DerElement | undefined): SignatureAlgorithm | undefined {
  if (parameters === undefined || parameters.tag !== derTags.sequence) return undefined;
  const reader = new DerReader(parameters);
  const digest = decodeDigest(reader.readOptional(contextConstructed(0)));
  const maskDigest = decodeMaskDigest(reader.readOptional(contextConstructed(1)));
  const salt = reader.readOptional(contextConstructed(2));
  const trailer = reader.readOptional(contextConstructed(3));
  reader.expectEnd();
  const saltLength = salt === undefined ? 20 : decodeSmallInteger(readSingle(salt, derTags.integer));
  const trailerField = trailer === undefined ? 1 : decodeSmallInteger(readSingle(trailer, derTags.integer));
  if (digest === undefined || digest !== maskDigest || trailerField !== 1 || saltLength > 1024) return undefined;
  return { scheme: 'rsa-pss', digest, saltLength };
}

function decodeDigest(tagged: DerElement | undefined): DigestAlgorithm | undefined {
  return tagged === undefined ? 'sha1' : readDigest(readSingle(tagged, derTags.sequence));
}

function decodeMaskDigest(tagged: DerElement | undefined): DigestAlgorithm | undefined {
  if (tagged === undefined) return 'sha1';
  const reader = enterSequence(tagged);
  const objectIdentifier = decodeObjectIdentifier(reader.read(derTags.objectIdentifier));
  const digest = readDigest(reader.read(derTags.sequence));
  reader.expectEnd();
  return objectIdentifier === mgf1 ? digest : undefined;
}

function readDigest(element: DerElement): DigestAlgorithm | undefined {
  const { objectIdentifier, parameters } = readAlgorithm(element);
  return isNullOrAbsent(parameters) ? digests[objectIdentifier] : undefined;
}
