import { sign, type KeyObject } from 'node:crypto';
import { AsnConvert } from '@peculiar/asn1-schema';
import { AlgorithmIdentifier } from '@peculiar/asn1-x509';

export interface SigningAlgorithm {
  readonly identifier: AlgorithmIdentifier;
  /** Undefined if the algorithm includes its own digest. */
  readonly digest: 'sha256' | 'sha384' | undefined;
}

/**
 * The only algorithm with which this tool signs with such a key. It depends on the signer's key, not on the subject's.
 */
export function getSignatureAlgorithm(key: KeyObject): SigningAlgorithm {
  switch (key.asymmetricKeyType) {
    case 'ec':
      return key.asymmetricKeyDetails?.namedCurve === 'secp384r1'
        ? { identifier: new AlgorithmIdentifier({ algorithm: '1.2.840.10045.4.3.3' }), digest: 'sha384' }
        : { identifier: new AlgorithmIdentifier({ algorithm: '1.2.840.10045.4.3.2' }), digest: 'sha256' };
    case 'rsa':
      // RFC 4055 §5 requires NULL parameters for RSA. RFC 5758 §3.2 requires none for ECDSA, and RFC 8410 §3 none for
      // Ed25519.
      return {
        identifier: new AlgorithmIdentifier({ algorithm: '1.2.840.113549.1.1.11', parameters: null }),
        digest: 'sha256',
      };
    case 'ed25519':
      return { identifier: new AlgorithmIdentifier({ algorithm: '1.3.101.112' }), digest: undefined };
    default:
      throw new Error(`nothing here signs with a key of the kind ${String(key.asymmetricKeyType)}`);
  }
}

/** Signs a structure's DER. The result is the signature value of a certificate or a revocation list. */
export function signStructure(structure: unknown, key: KeyObject): ArrayBuffer {
  const { digest } = getSignatureAlgorithm(key);
  return toArrayBuffer(sign(digest ?? null, Buffer.from(AsnConvert.serialize(structure)), key));
}

/** Copies the bytes, because they may be a view into a larger buffer, and the encoder would take the whole buffer. */
export function toArrayBuffer(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
