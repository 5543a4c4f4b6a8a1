import { createPublicKey, verify } from 'node:crypto';
import { derTags, encodeDerElement } from '../encoding/der.js';

/** The parameter sets of ML-DSA (FIPS 204 §4), as Node names their keys. */
export type MlDsaParameterSet = 'ml-dsa-44' | 'ml-dsa-65' | 'ml-dsa-87';

interface ParameterSetFacts {
  readonly name: string;
  /** The last arc below 2.16.840.1.101.3.4.3, for keys and signatures (RFC 9881 §2). */
  readonly arc: number;
  /** In octets, like `signatureLength` (FIPS 204 §4, table 2). */
  readonly publicKeyLength: number;
  readonly signatureLength: number;
}

const parameterSets: Readonly<Record<MlDsaParameterSet, ParameterSetFacts>> = {
  'ml-dsa-44': { name: 'ML-DSA-44', arc: 17, publicKeyLength: 1312, signatureLength: 2420 },
  'ml-dsa-65': { name: 'ML-DSA-65', arc: 18, publicKeyLength: 1952, signatureLength: 3309 },
  'ml-dsa-87': { name: 'ML-DSA-87', arc: 19, publicKeyLength: 2592, signatureLength: 4627 },
};

const byObjectIdentifier: ReadonlyMap<string, MlDsaParameterSet> = new Map(
  (Object.keys(parameterSets) as MlDsaParameterSet[]).map((parameterSet) => [
    `2.16.840.1.101.3.4.3.${parameterSets[parameterSet].arc}`,
    parameterSet,
  ]),
);

/**
 * Finds a parameter set of pure ML-DSA. RFC 9881 §8.3 forbids HashML-DSA in certificates, and its signatures need
 * another verification.
 */
export function findMlDsaParameterSet(objectIdentifier: string): MlDsaParameterSet | undefined {
  return byObjectIdentifier.get(objectIdentifier);
}

/** The name that FIPS 204 uses. */
export function nameMlDsa(parameterSet: MlDsaParameterSet): string {
  return parameterSets[parameterSet].name;
}

/** The length of a public key, in octets. */
export function getMlDsaKeyLength(parameterSet: MlDsaParameterSet): number {
  return parameterSets[parameterSet].publicKeyLength;
}

/** What people must do if `isVerifiedByRuntime` is false. */
export const runtimeRemedy = 'run on Node.js 24.6 or later, built with OpenSSL 3.5 or later';

const verified = new Map<MlDsaParameterSet, boolean>();

/**
 * Whether this process can verify such signatures. It tries once, when it meets the first such key or signature: no
 * version number shows what Node was built with, or which providers OpenSSL was told to load.
 */
export function isVerifiedByRuntime(parameterSet: MlDsaParameterSet): boolean {
  let isVerified = verified.get(parameterSet);
  if (isVerified === undefined) {
    isVerified = tryVerification(parameterSet);
    verified.set(parameterSet, isVerified);
  }
  return isVerified;
}

/**
 * Checks that a key of zeros, which is valid, has the right type and rejects a signature of zeros. Node 22 with OpenSSL
 * 3.5 rejects it too, but does not know the key's type. That support is undocumented (Node documents it since 24.6.0), so
 * it is not used.
 */
function tryVerification(parameterSet: MlDsaParameterSet): boolean {
  const { signatureLength } = parameterSets[parameterSet];
  try {
    const key = createPublicKey({ key: encodeZeroKey(parameterSet), format: 'der', type: 'spki' });
    const type: string | undefined = key.asymmetricKeyType;
    return type === parameterSet && !verify(null, Buffer.alloc(1), key, Buffer.alloc(signatureLength));
  } catch {
    return false;
  }
}

/** Encodes a SubjectPublicKeyInfo (RFC 9881 §4). */
function encodeZeroKey(parameterSet: MlDsaParameterSet): Buffer {
  const { arc, publicKeyLength } = parameterSets[parameterSet];
  const objectIdentifier = Buffer.from([0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, arc]);
  const algorithm = encodeDerElement(derTags.sequence, encodeDerElement(derTags.objectIdentifier, objectIdentifier));
  // The extra octet is the number of unused bits, which is zero.
  const key = encodeDerElement(derTags.bitString, Buffer.alloc(1 + publicKeyLength));
  return encodeDerElement(derTags.sequence, algorithm, key);
}
