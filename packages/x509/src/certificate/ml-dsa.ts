import { createPublicKey, verify } from 'node:crypto';
import { derTags, encodeDerElement } from '../encoding/der.js';

/** The parameter sets of ML-DSA (FIPS 204 §4), as Node names their keys. */
export type MlDsaParameterSet = 'ml-dsa-44' | 'ml-dsa-65' | 'ml-dsa-87';

interface ParameterSetFacts {
  readonly name: string;
  /** Below 2.16.840.1.101.3.4.3, of keys and of signatures (RFC 9881 §2). */
  readonly arc: number;
  /** In octets; so is the signature's (FIPS 204 §4, table 2). */
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

/** Of pure ML-DSA. RFC 9881 §8.3 keeps HashML-DSA out of certificates, and what it signs can't be verified as this is. */
export function findMlDsaParameterSet(objectIdentifier: string): MlDsaParameterSet | undefined {
  return byObjectIdentifier.get(objectIdentifier);
}

/** As FIPS 204 writes it. */
export function nameMlDsa(parameterSet: MlDsaParameterSet): string {
  return parameterSets[parameterSet].name;
}

/** In octets. */
export function getMlDsaKeyLength(parameterSet: MlDsaParameterSet): number {
  return parameterSets[parameterSet].publicKeyLength;
}

/** For people: what to do where `isVerifiedByRuntime` is false. */
export const runtimeRemedy = 'run on Node.js 24.6 or later, built with OpenSSL 3.5 or later';

const verified = new Map<MlDsaParameterSet, boolean>();

/**
 * Whether this process can verify such signatures. It is tried, once, when the first such key or signature is met: what
 * Node was built with, and which providers OpenSSL was told to load, no version number says.
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
 * A key of zeros is a key, by which a signature of zeros is none. Node 22 with OpenSSL 3.5 gets as far as that without
 * knowing the type of the key: support that no documentation speaks of (Node has it since 24.6.0), and that isn't used.
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

/** A SubjectPublicKeyInfo (RFC 9881 §4). */
function encodeZeroKey(parameterSet: MlDsaParameterSet): Buffer {
  const { arc, publicKeyLength } = parameterSets[parameterSet];
  const objectIdentifier = Buffer.from([0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, arc]);
  const algorithm = encodeDerElement(derTags.sequence, encodeDerElement(derTags.objectIdentifier, objectIdentifier));
  // One octet more: it counts the unused bits, of which there are none.
  const key = encodeDerElement(derTags.bitString, Buffer.alloc(1 + publicKeyLength));
  return encodeDerElement(derTags.sequence, algorithm, key);
}
