import { createPrivateKey } from 'node:crypto';
import { encodeAsn1, octetString, sequence, type Asn1 } from './asn1.js';
import { encryptWithPbes2, type EncryptedContent } from './password-based-encryption.js';

/** EncryptedPrivateKeyInfo (RFC 5958 §3). */
export function encryptedPrivateKeyInfo({ algorithm, ciphertext }: EncryptedContent): Asn1 {
  return sequence(algorithm, octetString(ciphertext));
}

/**
 * PKCS#8 under a password: AES-256-CBC and PBKDF2 with HMAC-SHA-256. DER. Node's own export does the same with 2,048
 * rounds and takes no other number, which is too few for a file that its finder may try passwords on for years.
 */
export function encryptPrivateKey(privateKeyPem: string, password: string, iterations: number): Buffer {
  const plaintext = createPrivateKey(privateKeyPem).export({ type: 'pkcs8', format: 'der' });
  return encodeAsn1(encryptedPrivateKeyInfo(encryptWithPbes2(plaintext, password, iterations)));
}
