import { generateKeyPairSync, type KeyObject } from 'node:crypto';

/** P-256 is the default: small in a header, fast to make, and every front end takes it. */
export const keyAlgorithms = ['ec-p256', 'ec-p384', 'rsa-2048', 'rsa-3072', 'rsa-4096'] as const;
export type KeyAlgorithm = (typeof keyAlgorithms)[number];

export interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

export function generateKeyPair(keyAlgorithm: KeyAlgorithm): KeyPair {
  switch (keyAlgorithm) {
    case 'ec-p256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' });
    case 'ec-p384':
      return generateKeyPairSync('ec', { namedCurve: 'P-384' });
    case 'rsa-2048':
      return generateKeyPairSync('rsa', { modulusLength: 2048 });
    case 'rsa-3072':
      return generateKeyPairSync('rsa', { modulusLength: 3072 });
    case 'rsa-4096':
      return generateKeyPairSync('rsa', { modulusLength: 4096 });
  }
}

export interface SignatureAlgorithm {
  readonly oid: string;
  /** RFC 4055 §5 wants NULL parameters for RSA, RFC 5758 §3.2 wants none for ECDSA. */
  readonly parameters: 'null' | 'absent';
  readonly digest: 'sha256' | 'sha384';
}

export function getSignatureAlgorithm(keyAlgorithm: KeyAlgorithm): SignatureAlgorithm {
  switch (keyAlgorithm) {
    case 'ec-p256':
      return { oid: '1.2.840.10045.4.3.2', parameters: 'absent', digest: 'sha256' };
    case 'ec-p384':
      return { oid: '1.2.840.10045.4.3.3', parameters: 'absent', digest: 'sha384' };
    case 'rsa-2048':
    case 'rsa-3072':
    case 'rsa-4096':
      return { oid: '1.2.840.113549.1.1.11', parameters: 'null', digest: 'sha256' };
  }
}
