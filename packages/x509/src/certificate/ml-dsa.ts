import { createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';

/** The parameter sets of ML-DSA (FIPS 204 §4), as Node names their keys. */
export type MlDsaParameterSet = 'ml-dsa-44' | 'ml-dsa-65' | 'ml-dsa-87';

/** By the object identifier of keys and signatures (RFC 9881 §2). */
const parameterSets: Readonly<Record<string, MlDsaParameterSet>> = {
  '2.16.840.1.101.3.4.3.17': 'ml-dsa-44',
  '2.16.840.1.101.3.4.3.18': 'ml-dsa-65',
  '2.16.840.1.101.3.4.3.19': 'ml-dsa-87',
};

/** The length of a public key, in octets (FIPS 204 §4, table 2). */
export const mlDsaKeyLengths: Readonly<Record<MlDsaParameterSet, number>> = {
  'ml-dsa-44': 1312,
  'ml-dsa-65': 1952,
  'ml-dsa-87': 2592,
};

/**
 * Finds a parameter set of pure ML-DSA. RFC 9881 §8.3 forbids HashML-DSA in certificates, and its signatures need
 * another verification.
 */
export function findMlDsaParameterSet(objectIdentifier: string): MlDsaParameterSet | undefined {
  return parameterSets[objectIdentifier];
}

/** The name that FIPS 204 uses. */
export function nameMlDsa(parameterSet: MlDsaParameterSet): string {
  return parameterSet.toUpperCase();
}

/** What people must do if `isVerifiedByRuntime` is false. */
export const runtimeRemedy = 'run on Node.js 24.6 or later, built with OpenSSL 3.5 or later';

const verified = new Map<MlDsaParameterSet, boolean>();

/**
 * Whether this process can verify such signatures. It tries once, when it meets the first such key or signature: no
 * version number shows what Node was built with, or which providers OpenSSL was told to load.
 */
export function isVerifiedByRuntime(parameterSet: MlDsaParameterSet): boolean {
  const isVerified = verified.get(parameterSet) ?? tryVerification(parameterSet);
  verified.set(parameterSet, isVerified);
  return isVerified;
}

/**
 * Checks that the runtime verifies what a new key signed, and nothing else. Published answers would be longer than the
 * rest of the package. Node 22 with OpenSSL 3.5 verifies too, but does not know the key's type. That support is
 * undocumented (Node documents it since 24.6.0), so it is not used.
 */
function tryVerification(parameterSet: MlDsaParameterSet): boolean {
  const data = Buffer.alloc(1);
  try {
    // The types of Node 20 lack this key type.
    const { publicKey, privateKey } = generateKeyPairSync(parameterSet as 'ed25519');
    const info = publicKey.export({ format: 'der', type: 'spki' });
    const key = createPublicKey({ key: info, format: 'der', type: 'spki' });
    const type: string | undefined = key.asymmetricKeyType;
    const signature = sign(null, data, privateKey);
    return (
      type === parameterSet && verify(null, data, key, signature) && !verify(null, Buffer.alloc(2), key, signature)
    );
  } catch {
    return false;
  }
}
