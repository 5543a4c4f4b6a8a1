// pfx/: reads and writes PFX files (PKCS #12, RFC 7292).

import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import {
  encodeAsn1,
  parseAsn1,
  readExplicitZero,
  readImplicitZeroOctets,
  readObjectIdentifier,
  readOctetString,
  readSequence,
  readSet,
  readSmallInteger,
  type Asn1,
} from './asn1.js';
import { DerivationBudget, type PfxPassword } from './key-derivation.js';
import { verifyMacData } from './message-authentication.js';
import { oids } from './object-identifiers.js';
import { decryptWithPassword, type EncryptedContent } from './password-based-encryption.js';
import { PfxError } from './pfx-error.js';

export interface DecodedPfx {
  /** The certificate of the private key. If the file has no key, it is the first certificate. */
  readonly certificateDer: Buffer;
  /** PKCS#8 in PEM. Undefined if the file contains only certificates. */
  readonly privateKeyPem: string | undefined;
  readonly otherCertificates: readonly Buffer[];
}

interface PfxAccess {
  readonly password: PfxPassword;
  /** Whether a MAC over the whole file was valid with this password. */
  readonly isPasswordProven: boolean;
  readonly budget: DerivationBudget;
}
interface CertificateBag {
  readonly certificate: X509Certificate;
  readonly localKeyId: string | undefined;
}
interface KeyBag {
  readonly privateKey: KeyObject;
  readonly localKeyId: string | undefined;
}
type Bag = CertificateBag | KeyBag;

/**
 * Opens a PFX (PKCS #12, RFC 7292) in password integrity mode: AES and 3DES, MACs with SHA-1, SHA-256, SHA-384 and
 * SHA-512, PBMAC1, and the RC2-40 certificate bags of older Windows exports. If the file has a MAC, an empty password,
 * or none, is tried in both forms that writers use. One derivation may ask for at most 1,000,000 rounds, and a file for
 * three times that, counted for each block of a key and each form of the password. Throws PfxError.
 */
export function decodePfx(
  bytes: Uint8Array,
  password?: string,
  budget: DerivationBudget = new DerivationBudget(),
): DecodedPfx {
  try {
    return decodeStructure(bytes, password, budget);
  } catch (cause) {
    // If node-forge or node:crypto refuses a length or an identifier, the file is damaged too.
    throw cause instanceof PfxError ? cause : new PfxError('malformed', 'It is damaged.', { cause });
  }
}

function decodeStructure(bytes: Uint8Array, password: string | undefined, budget: DerivationBudget): DecodedPfx {
  const [version, authSafe, macData] = readSequence(parseAsn1(bytes));
  if (readSmallInteger(version) !== 3) throw new PfxError('malformed', 'It is not a PFX of version 3.');
  const authenticatedSafe = readDataContent(authSafe);
  const guard = openGuard(macData, authenticatedSafe, { password, budget });
  const safe = readSequence(parseAsn1(authenticatedSafe));
  return selectLeaf(safe.flatMap((contentInfo) => readSafeContents(contentInfo, guard)));
}

function openGuard(
  macData: Asn1 | undefined,
  authenticatedSafe: Buffer,
  { password, budget }: { readonly password: string | undefined; readonly budget: DerivationBudget },
): PfxAccess {
  if (macData === undefined) return { password: password ?? null, isPasswordProven: false, budget };
  const candidates: readonly PfxPassword[] = password === undefined || password === '' ? [null, ''] : [password];
  const accepted = candidates.find((candidate) => verifyMacData(macData, authenticatedSafe, candidate, budget));
  if (accepted !== undefined) return { password: accepted, isPasswordProven: true, budget };
  const message = password === undefined ? 'It needs a password.' : 'The password is wrong.';
  throw new PfxError('password_wrong', message);
}

/**
 * The octets of a ContentInfo of the type data. Another type means that a signature protects the file instead of a MAC,
 * which this reader does not support.
 */
function readDataContent(contentInfo: Asn1 | undefined): Buffer {
  const [contentType, content] = readSequence(contentInfo);
  if (readObjectIdentifier(contentType) !== oids.data) {
    throw new PfxError('unsupported', 'It is protected by a public key, not by a password.');
  }
  return readOctetString(readExplicitZero(content));
}

function readSafeContents(contentInfo: Asn1, guard: PfxAccess): readonly Bag[] {
  const [contentType, content] = readSequence(contentInfo);
  switch (readObjectIdentifier(contentType)) {
    case oids.data:
      return readBags(readSequence(parseAsn1(readDataContent(contentInfo))), guard);
    case oids.encryptedData: {
      const [, encryptedContentInfo] = readSequence(readExplicitZero(content));
      const [, algorithm, encrypted] = readSequence(encryptedContentInfo);
      const encryptedContent = { algorithm: expectAlgorithm(algorithm), ciphertext: readImplicitZeroOctets(encrypted) };
      return readBags(
        decrypt(encryptedContent, guard, (plaintext) => readSequence(parseAsn1(plaintext))),
        guard,
      );
    }
    default:
      throw new PfxError('unsupported', 'It is encrypted to a public key, not by a password.');
  }
}

function expectAlgorithm(algorithm: Asn1 | undefined): Asn1 {
  if (algorithm === undefined) throw new PfxError('malformed', 'It is damaged: an algorithm is missing.');
  return algorithm;
}

/**
 * Decrypts a part. If a MAC has proven the password, a failure means damage; otherwise it most likely means that the
 * password is wrong.
 */
function decrypt<T>(content: EncryptedContent, guard: PfxAccess, parse: (plaintext: Buffer) => T): T {
  try {
    return parse(decryptWithPassword(content, guard.password, guard.budget));
  } catch (cause) {
    if (cause instanceof PfxError && cause.code === 'unsupported') throw cause;
    if (guard.isPasswordProven)
      throw new PfxError('malformed', 'It is damaged: a part of it cannot be decrypted.', { cause });
    const message = 'The password is wrong, or the file is damaged: it carries no integrity check.';
    throw new PfxError('password_wrong', message, { cause });
  }
}

function readBags(safeBags: readonly Asn1[], guard: PfxAccess): readonly Bag[] {
  return safeBags.flatMap((safeBag) => readBag(safeBag, guard));
}

function readBag(safeBag: Asn1, guard: PfxAccess): readonly Bag[] {
  const [bagId, bagValue, attributes] = readSequence(safeBag);
  const value = readExplicitZero(bagValue);
  const localKeyId = findLocalKeyId(attributes);
  switch (readObjectIdentifier(bagId)) {
    case oids.certBag: {
      const [certificateType, certificate] = readSequence(value);
      if (readObjectIdentifier(certificateType) !== oids.x509Certificate) return [];
      return [{ certificate: parseCertificate(readOctetString(readExplicitZero(certificate))), localKeyId }];
    }
    case oids.keyBag:
      return [{ privateKey: parsePrivateKey(encodeAsn1(value)), localKeyId }];
    case oids.pkcs8ShroudedKeyBag: {
      const [algorithm, encrypted] = readSequence(value);
      const encryptedContent = { algorithm: expectAlgorithm(algorithm), ciphertext: readOctetString(encrypted) };
      return [{ privateKey: decrypt(encryptedContent, guard, parsePrivateKey), localKeyId }];
    }
    case oids.safeContentsBag:
      return readBags(readSequence(value), guard);
    default:
      // A PFX may also contain revocation lists and secrets, which are ignored.
      return [];
  }
}

function findLocalKeyId(attributes: Asn1 | undefined): string | undefined {
  if (attributes === undefined) return undefined;
  for (const attribute of readSet(attributes)) {
    const [oid, values] = readSequence(attribute);
    if (readObjectIdentifier(oid) !== oids.localKeyId || values === undefined) continue;
    const [value] = readSet(values);
    return value === undefined ? undefined : readOctetString(value).toString('hex');
  }
  return undefined;
}

function parseCertificate(der: Buffer): X509Certificate {
  try {
    return new X509Certificate(der);
  } catch (cause) {
    throw new PfxError('malformed', 'It holds a certificate that cannot be read.', { cause });
  }
}

function parsePrivateKey(pkcs8: Buffer): KeyObject {
  try {
    return createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  } catch (cause) {
    throw new PfxError('unsupported', 'It holds a private key of a kind that this Node.js cannot read.', { cause });
  }
}

function selectLeaf(bags: readonly Bag[]): DecodedPfx {
  const certificates = bags.filter((bag) => 'certificate' in bag);
  const keys = bags.filter((bag) => 'privateKey' in bag);
  const [first] = certificates;
  if (first === undefined) throw new PfxError('unsupported', 'It contains no certificate.');
  if (keys.length > 1) {
    throw new PfxError('unsupported', `It holds ${keys.length} private keys; which one to use would be a guess.`);
  }
  const [key] = keys;
  const leaf = key === undefined ? first : getCertificateOfKey(certificates, key);
  return Object.freeze({
    certificateDer: leaf.certificate.raw,
    privateKeyPem: key?.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    otherCertificates: Object.freeze(certificates.filter((bag) => bag !== leaf).map((bag) => bag.certificate.raw)),
  });
}

/**
 * Finds the certificate of the key. The public key decides. Anybody can write a localKeyId, so it only chooses among
 * certificates for the same key.
 */
function getCertificateOfKey(certificates: readonly CertificateBag[], key: KeyBag): CertificateBag {
  const matching = certificates.filter(({ certificate }) => certificate.checkPrivateKey(key.privateKey));
  const leaf = matching.find((bag) => key.localKeyId !== undefined && bag.localKeyId === key.localKeyId) ?? matching[0];
  if (leaf === undefined)
    throw new PfxError('unsupported', 'It holds a private key, but not the certificate of that key.');
  return leaf;
}
