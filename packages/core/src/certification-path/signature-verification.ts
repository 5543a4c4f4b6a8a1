import { type KeyObject, constants, createPublicKey, verify } from 'node:crypto';
import type { PathBudget } from './path-budget.js';
import type { SignatureAlgorithm } from './signature-algorithm.js';

/** Something signed: a certificate, a CRL, an OCSP response. */
export interface SignedData {
  /** The octets that the signature is over. */
  readonly data: Uint8Array;
  readonly algorithm: SignatureAlgorithm;
  readonly signature: Uint8Array;
}

/**
 * A subject public key info to verify with. The key object is made when first needed: for OpenSSL it is the dearest part
 * of a verification, and an authority's key verifies again and again.
 */
export class VerificationKey {
  readonly subjectPublicKeyInfo: Uint8Array;
  /** Undefined: not tried yet; null: OpenSSL can't read it. */
  #key: KeyObject | null | undefined;

  constructor(subjectPublicKeyInfo: Uint8Array) {
    this.subjectPublicKeyInfo = subjectPublicKeyInfo;
  }

  get key(): KeyObject | null {
    this.#key ??= readKey(this.subjectPublicKeyInfo);
    return this.#key;
  }
}

/** Never throws: a key or a signature that can't be read verifies nothing. */
export function isSignatureValid({ data, algorithm, signature }: SignedData, { key }: VerificationKey): boolean {
  if (key === null) return false;
  try {
    switch (algorithm.scheme) {
      case 'rsa-pkcs1':
        // A key that is bound to PSS (RFC 4055 §1.2) has a type of its own.
        if (key.asymmetricKeyType !== 'rsa') return false;
        return verify(algorithm.digest, data, { key, padding: constants.RSA_PKCS1_PADDING }, signature);
      case 'rsa-pss': {
        if (key.asymmetricKeyType !== 'rsa' && key.asymmetricKeyType !== 'rsa-pss') return false;
        const { digest, saltLength } = algorithm;
        return verify(digest, data, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }, signature);
      }
      case 'ecdsa':
        return key.asymmetricKeyType === 'ec' && verify(algorithm.digest, data, key, signature);
      case 'ed25519':
      case 'ed448':
        return key.asymmetricKeyType === algorithm.scheme && verify(null, data, key, signature);
      case 'unknown':
        return false;
    }
  } catch {
    return false;
  }
}

/** By the object that is signed: certificates and CRLs of an authority live as long as its snapshot. */
const verified = new WeakMap<SignedData, WeakMap<VerificationKey, boolean>>();

/**
 * As `isSignatureValid`; what has been verified once, with this very key object, costs nothing again. Undefined: the budget
 * doesn't allow it.
 */
export function verifySignatureOnce(
  signed: SignedData,
  key: VerificationKey,
  budget?: PathBudget,
): boolean | undefined {
  const known = verified.get(signed)?.get(key);
  if (known !== undefined) return known;
  if (budget?.spendSignature() === false) return undefined;
  const isValid = isSignatureValid(signed, key);
  const keys = verified.get(signed) ?? new WeakMap<VerificationKey, boolean>();
  verified.set(signed, keys.set(key, isValid));
  return isValid;
}

function readKey(subjectPublicKeyInfo: Uint8Array): KeyObject | null {
  try {
    return createPublicKey({ key: Buffer.from(subjectPublicKeyInfo), format: 'der', type: 'spki' });
  } catch {
    return null;
  }
}
