import { createHash, createPrivateKey } from 'node:crypto';
import {
  type Asn1,
  bmpString,
  encodeAsn1,
  explicitZero,
  implicitZeroOctets,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  set,
} from './asn1.js';
import { createMacData } from './message-authentication.js';
import { oids } from './object-identifiers.js';
import { type EncryptedContent, encryptWithPbes2, encryptWithTripleDes } from './password-based-encryption.js';

export interface PfxContent {
  readonly certificateDer: Uint8Array;
  readonly privateKeyPem: string;
  readonly password: string;
  /** What Windows and macOS show in their lists. */
  readonly friendlyName: string;
  /**
   * 3DES and SHA-1, which is all that Windows before 10 (1709) and the macOS Keychain open.
   * Default false: AES-256 and SHA-256.
   */
  readonly compatible?: boolean;
}

const kinds = {
  /** Three derivations make 300,000 rounds, inside the limits of .NET's own PFX reader; OpenSSL's default is 3 × 2,048. */
  modern: { encryptWith: encryptWithPbes2, digest: 'sha256', iterations: 100_000 },
  /** SHA-1 and 3DES are what limits this kind; old readers are slow. */
  compatible: { encryptWith: encryptWithTripleDes, digest: 'sha1', iterations: 10_000 },
} as const;

/** PKCS #12 (RFC 7292) with one certificate and its key, both encrypted, in password integrity mode. */
export function encodePfx(content: PfxContent): Buffer {
  const { password } = content;
  const { encryptWith, digest, iterations } = content.compatible === true ? kinds.compatible : kinds.modern;
  const encrypt = (plaintext: Buffer): EncryptedContent => encryptWith(plaintext, password, iterations);
  const attributes = createAttributes(content);
  const certificates = sequence(createCertificateBag(content.certificateDer, attributes));
  const keys = sequence(createKeyBag(encrypt(exportPkcs8(content.privateKeyPem)), attributes));
  const authenticatedSafe = encodeAsn1(
    sequence(encryptedDataContent(encrypt(encodeAsn1(certificates))), dataContent(encodeAsn1(keys))),
  );
  const macData = createMacData(authenticatedSafe, password, digest, iterations);
  return encodeAsn1(sequence(integer(3), dataContent(authenticatedSafe), macData));
}

/** localKeyId ties the key to its certificate. Its value is free; readers only compare it. SHA-1 of the certificate is customary. */
function createAttributes(content: PfxContent): Asn1 {
  const localKeyId = createHash('sha1').update(content.certificateDer).digest();
  return set(
    sequence(objectIdentifier(oids.localKeyId), set(octetString(localKeyId))),
    sequence(objectIdentifier(oids.friendlyName), set(bmpString(content.friendlyName))),
  );
}

function createCertificateBag(certificateDer: Uint8Array, attributes: Asn1): Asn1 {
  const certificate = sequence(objectIdentifier(oids.x509Certificate), explicitZero(octetString(certificateDer)));
  return sequence(objectIdentifier(oids.certBag), explicitZero(certificate), attributes);
}

function createKeyBag(encryptedKey: EncryptedContent, attributes: Asn1): Asn1 {
  const bag = explicitZero(encryptedPrivateKeyInfo(encryptedKey));
  return sequence(objectIdentifier(oids.pkcs8ShroudedKeyBag), bag, attributes);
}

function dataContent(bytes: Buffer): Asn1 {
  return sequence(objectIdentifier(oids.data), explicitZero(octetString(bytes)));
}

function encryptedDataContent(encrypted: EncryptedContent): Asn1 {
  const encryptedContentInfo = sequence(
    objectIdentifier(oids.data),
    encrypted.algorithm,
    implicitZeroOctets(encrypted.ciphertext),
  );
  return sequence(objectIdentifier(oids.encryptedData), explicitZero(sequence(integer(0), encryptedContentInfo)));
}

function exportPkcs8(privateKeyPem: string): Buffer {
  return createPrivateKey(privateKeyPem).export({ type: 'pkcs8', format: 'der' });
}

/** EncryptedPrivateKeyInfo (RFC 5958 §3). */
function encryptedPrivateKeyInfo({ algorithm, ciphertext }: EncryptedContent): Asn1 {
  return sequence(algorithm, octetString(ciphertext));
}

/**
 * PKCS#8 under a password: AES-256-CBC and PBKDF2 with HMAC-SHA-256. DER. Node's own export does the same with 2,048
 * rounds and takes no other number, which is too few for a file that its finder may try passwords on for years.
 */
export function encryptPrivateKey(privateKeyPem: string, password: string, iterations: number): Buffer {
  return encodeAsn1(encryptedPrivateKeyInfo(encryptWithPbes2(exportPkcs8(privateKeyPem), password, iterations)));
}
