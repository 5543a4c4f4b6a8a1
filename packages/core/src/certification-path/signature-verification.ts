import { type KeyObject, constants, createPublicKey, verify } from 'node:crypto';
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

function readKey(subjectPublicKeyInfo: Uint8Array): KeyObject | null {
  try {
    return createPublicKey({ key: Buffer.from(subjectPublicKeyInfo), format: 'der', type: 'spki' });
  } catch {
    return null;
  }
}
