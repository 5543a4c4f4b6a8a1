import { createCipheriv, createDecipheriv, pbkdf2Sync, randomBytes } from 'node:crypto';
import forge from 'node-forge';
import {
  integer,
  nullValue,
  objectIdentifier,
  octetString,
  readObjectIdentifier,
  readOctetString,
  readSequence,
  sequence,
  toBinary,
  toBytes,
  type Asn1,
} from './asn1.js';
import {
  derivePbkdf2Key,
  derivePkcs12Key,
  keyPurposes,
  type DerivationBudget,
  type Pkcs12Derivation,
  type PfxPassword,
} from './key-derivation.js';
import { cipherByOid, digestLengths, oids } from './object-identifiers.js';
import { PfxError } from './pfx-error.js';

export interface EncryptedContent {
  /** The AlgorithmIdentifier, including the salt and the number of rounds. */
  readonly algorithm: Asn1;
  readonly ciphertext: Buffer;
}

/**
 * Encrypts with PBES2 (RFC 8018 §6.2): AES-256-CBC with a key from PBKDF2 with HMAC-SHA-256. OpenSSL 3 and Windows 10
 * write the same.
 */
export function encryptWithPbes2(plaintext: Buffer, password: string, iterations: number): EncryptedContent {
  const salt = randomBytes(16);
  const initializationVector = randomBytes(16);
  const key = pbkdf2Sync(Buffer.from(password, 'utf8'), salt, iterations, 32, 'sha256');
  const cipher = createCipheriv('aes-256-cbc', key, initializationVector);
  const pseudoRandomFunction = sequence(objectIdentifier(oids.hmacWithSha256), nullValue());
  const keyDerivation = sequence(octetString(salt), integer(iterations), pseudoRandomFunction);
  const algorithm = sequence(
    objectIdentifier(oids.pbes2),
    sequence(
      sequence(objectIdentifier(oids.pbkdf2), keyDerivation),
      sequence(objectIdentifier(oids.aes256Cbc), octetString(initializationVector)),
    ),
  );
  return { algorithm, ciphertext: Buffer.concat([cipher.update(plaintext), cipher.final()]) };
}

/** Encrypts with pbeWithSHAAnd3-KeyTripleDES-CBC (RFC 7292 appendix C), which systems before 2017 can open. */
export function encryptWithTripleDes(plaintext: Buffer, password: string, iterations: number): EncryptedContent {
  const salt = randomBytes(8);
  const { key, initializationVector } = derivePkcs12CipherKeys(password, {
    digest: 'sha1',
    salt,
    iterations,
    length: 24,
  });
  const cipher = createCipheriv('des-ede3-cbc', key, initializationVector);
  const algorithm = sequence(
    objectIdentifier(oids.pbeWithShaAnd3KeyTripleDesCbc),
    sequence(octetString(salt), integer(iterations)),
  );
  return { algorithm, ciphertext: Buffer.concat([cipher.update(plaintext), cipher.final()]) };
}

/**
 * Decrypts the content. Throws PfxError `unsupported` for a scheme that it doesn't know, or for too many rounds. Any
 * other Error means that the content is damaged, or that the padding shows a wrong key.
 */
export function decryptWithPassword(
  content: EncryptedContent,
  password: PfxPassword,
  budget: DerivationBudget,
): Buffer {
  const [oid, parameters] = readSequence(content.algorithm);
  const scheme = readObjectIdentifier(oid);
  switch (scheme) {
    case oids.pbes2:
      return decryptWithPbes2(parameters, content.ciphertext, password, budget);
    case oids.pbeWithShaAnd3KeyTripleDesCbc: {
      const keys = derivePkcs12CipherKeys(password, readPkcs12Parameters(parameters, 24, budget));
      return decipher('des-ede3-cbc', keys.key, keys.initializationVector, content.ciphertext);
    }
    case oids.pbeWithShaAnd40BitRc2Cbc: {
      const keys = derivePkcs12CipherKeys(password, readPkcs12Parameters(parameters, 5, budget));
      return decipherRc2(keys.key, keys.initializationVector, content.ciphertext);
    }
    default:
      throw new PfxError('unsupported', `It is encrypted by ${scheme}, which this reader does not know.`);
  }
}

function decryptWithPbes2(
  parameters: Asn1 | undefined,
  ciphertext: Buffer,
  password: PfxPassword,
  budget: DerivationBudget,
): Buffer {
  const [keyDerivation, encryptionScheme] = readSequence(parameters);
  const [oid, initializationVector] = readSequence(encryptionScheme);
  const cipher = cipherByOid.get(readObjectIdentifier(oid));
  if (cipher === undefined) {
    throw new PfxError(
      'unsupported',
      `It is encrypted by the cipher ${readObjectIdentifier(oid)}, which this reader does not know.`,
    );
  }
  const key = derivePbkdf2Key(password, keyDerivation, budget, cipher.keyLength);
  return decipher(cipher.name, key, readOctetString(initializationVector), ciphertext);
}

function readPkcs12Parameters(
  parameters: Asn1 | undefined,
  length: number,
  budget: DerivationBudget,
): Pkcs12Derivation {
  const [salt, iterations] = readSequence(parameters);
  // The blocks of the key, and one block for the initialization vector.
  const blocks = Math.ceil(length / digestLengths.sha1) + 1;
  return {
    digest: 'sha1',
    salt: readOctetString(salt),
    iterations: budget.spend(iterations, blocks),
    length,
  };
}

function derivePkcs12CipherKeys(
  password: PfxPassword,
  derivation: Pkcs12Derivation,
): { readonly key: Buffer; readonly initializationVector: Buffer } {
  return {
    key: derivePkcs12Key(password, keyPurposes.encryption, derivation),
    initializationVector: derivePkcs12Key(password, keyPurposes.initializationVector, { ...derivation, length: 8 }),
  };
}

function decipher(name: string, key: Buffer, initializationVector: Buffer, ciphertext: Buffer): Buffer {
  const stream = createDecipheriv(name, key, initializationVector);
  return Buffer.concat([stream.update(ciphertext), stream.final()]);
}

/**
 * Decrypts RC2 with 40 bits. Older Windows exports encrypt the *certificates* with it. OpenSSL 3 refuses it by default,
 * and so does Node.js.
 */
function decipherRc2(key: Buffer, initializationVector: Buffer, ciphertext: Buffer): Buffer {
  const cipher = forge.rc2.createDecryptionCipher(toBinary(key), 40);
  cipher.start(toBinary(initializationVector));
  cipher.update(forge.util.createBuffer(toBinary(ciphertext)));
  if (!cipher.finish()) throw new Error('RC2 padding');
  return toBytes(cipher.output.getBytes());
}
