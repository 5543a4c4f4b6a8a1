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
  /** The name that Windows and macOS show in their lists. */
  readonly friendlyName: string;
  /**
   * Whether to use 3DES and SHA-1, which Windows before 10 (1709) and the macOS Keychain can open. Default false:
   * AES-256 and SHA-256.
   */
  readonly compatible?: boolean;
}

const kinds = {
  /**
   * A file takes three derivations, so 300,000 rounds, which .NET's own PFX reader still accepts. OpenSSL's default is
   * 3 × 2,048.
   */
  modern: { encryptWith: encryptWithPbes2, digest: 'sha256', iterations: 100_000 },
  /** More rounds would not help against the weakness of SHA-1 and 3DES, and old readers are slow. */
  compatible: { encryptWith: encryptWithTripleDes, digest: 'sha1', iterations: 10_000 },
} as const;

/** Writes a PFX (PKCS #12, RFC 7292) with one certificate and its key, both encrypted, in password integrity mode. */
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

/**
 * The attributes of the certificate's bag and the key's. The localKeyId connects the two. Any value is possible,
 * because readers only compare it; the SHA-1 of the certificate is customary.
 */
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

/** An EncryptedPrivateKeyInfo (RFC 5958 §3). */
function encryptedPrivateKeyInfo({ algorithm, ciphertext }: EncryptedContent): Asn1 {
  return sequence(algorithm, octetString(ciphertext));
}

/**
 * Encrypts a private key with a password: PKCS#8 in DER, AES-256-CBC, and PBKDF2 with HMAC-SHA-256. Node's own export
 * does the same, but always with 2,048 rounds. That is too few for a file whose finder may try passwords for years.
 */
export function encryptPrivateKey(privateKeyPem: string, password: string, iterations: number): Buffer {
  return encodeAsn1(encryptedPrivateKeyInfo(encryptWithPbes2(exportPkcs8(privateKeyPem), password, iterations)));
}
