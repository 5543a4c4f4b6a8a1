import { pbkdf2Sync } from 'node:crypto';
import forge from 'node-forge';
import {
  isInteger,
  isSequence,
  parseAsn1,
  readObjectIdentifier,
  readOctetString,
  readSequence,
  readSmallInteger,
  toBinary,
  toBytes,
  type Asn1,
} from './asn1.js';
import { digestLengths, hmacDigestByOid, oids, type DigestName } from './object-identifiers.js';
import { PfxError } from './pfx-error.js';

/** `null` and `''` are two passwords in RFC 7292 appendix B: no octets at all, and the two octets that end an empty BMPString. */
export type PfxPassword = string | null;

/** What a derived key is for: the "ID" of RFC 7292 appendix B.3. */
export const keyPurposes = { encryption: 1, initializationVector: 2, mac: 3 } as const;
export type KeyPurpose = (typeof keyPurposes)[keyof typeof keyPurposes];

/**
 * RFC 7292 and RFC 8018 set no limit, and a file may not keep this machine busy for as long as it likes. Windows writes 2,000
 * rounds, OpenSSL 2,048, Java 10,000 (100,000 once), this tool 100,000; OWASP advises 600,000 of SHA-256.
 */
const maximumRounds = 1_000_000;

/** Of the whole file: a MAC, certificates and a key, each at the limit. Bags can be many, and some keys take several blocks. */
const maximumRoundsOfFile: number = 3 * maximumRounds;

/** What one file may still ask for; both derivations count, for the MAC and for each bag. */
export class DerivationBudget {
  readonly #limit: number;
  #left: number;

  constructor(limit: number = maximumRoundsOfFile) {
    this.#limit = limit;
    this.#left = limit;
  }

  /**
   * The rounds that an INTEGER asks for, in so many blocks of the digest.
   *
   * @throws {PfxError} `unsupported`, before anything is derived.
   */
  spend(iterations: Asn1 | undefined, blocks: number): number {
    const rounds = readSmallInteger(iterations);
    if (rounds < 1 || rounds > maximumRounds) {
      throw new PfxError(
        'unsupported',
        `It asks for ${rounds} rounds of key derivation; 1 to ${maximumRounds} are accepted. ${exportAgain}`,
      );
    }
    this.#left -= rounds * blocks;
    if (this.#left < 0) {
      throw new PfxError(
        'unsupported',
        `Its parts ask for more than ${this.#limit} rounds of key derivation together. ${exportAgain}`,
      );
    }
    return rounds;
  }
}

const exportAgain = 'Export it again with fewer: openssl pkcs12 -export -iter 100000';

export interface Pkcs12Derivation {
  readonly digest: DigestName;
  readonly salt: Buffer;
  readonly iterations: number;
  readonly length: number;
}

/** RFC 7292 appendix B.2, over the password as a BMPString. */
export function derivePkcs12Key(password: PfxPassword, purpose: KeyPurpose, derivation: Pkcs12Derivation): Buffer {
  const salt = forge.util.createBuffer(toBinary(derivation.salt));
  const { digest, iterations, length } = derivation;
  if (digest === 'sha224') {
    throw new PfxError('unsupported', 'Its integrity check uses SHA-224, which this reader does not know.');
  }
  const made = forge.pkcs12.generateKey(password, salt, purpose, iterations, length, forge.md[digest].create());
  return toBytes(made.getBytes());
}

/**
 * PBKDF2 by its AlgorithmIdentifier (RFC 8018 appendix A.2), over the password in UTF-8.
 * `keyLength` is the cipher's own; a length that the file states must agree with it.
 */
export function derivePbkdf2Key(
  password: PfxPassword,
  algorithm: Asn1 | undefined,
  budget: DerivationBudget,
  keyLength?: number,
): Buffer {
  const [oid, parameters] = readSequence(algorithm);
  if (readObjectIdentifier(oid) !== oids.pbkdf2) {
    throw new PfxError('unsupported', `It derives keys by ${readObjectIdentifier(oid)}; only PBKDF2 is known.`);
  }
  const [salt, iterations, ...optional] = readSequence(parameters);
  const statedLength = optional.find(isInteger);
  const length = statedLength === undefined ? keyLength : readSmallInteger(statedLength);
  if (length === undefined || length < 1 || length > 64 || (keyLength !== undefined && length !== keyLength)) {
    throw new PfxError('malformed', 'It is damaged: the length of a derived key does not fit its use.');
  }
  const pseudoRandomFunction = optional.find(isSequence);
  // RFC 8018: DEFAULT algid-hmacWithSHA1
  const digest = pseudoRandomFunction === undefined ? 'sha1' : readHmacDigest(pseudoRandomFunction);
  const rounds = budget.spend(iterations, Math.ceil(length / digestLengths[digest]));
  return pbkdf2Sync(Buffer.from(password ?? '', 'utf8'), readOctetString(salt), rounds, length, digest);
}

export function readHmacDigest(algorithm: Asn1 | undefined): DigestName {
  const oid = readObjectIdentifier(readSequence(algorithm)[0]);
  const digest = hmacDigestByOid.get(oid);
  if (digest === undefined)
    throw new PfxError('unsupported', `It uses the keyed hash ${oid}, which this reader does not know.`);
  return digest;
}

/** RFC 7914 §7. */
const scryptOid = '1.3.6.1.4.1.11591.4.11';

/** N × r × p: 32 times what OpenSSL takes by default. */
const maximumScryptCost = 4_194_304;

/** PBKDF2 makes a block of at most 64 octets for a key; three of SHA-1's make up for all of them. */
const blocks = 3;

/**
 * Refuses an EncryptedPrivateKeyInfo (RFC 5958 §3) whose key derivation would keep this machine busy: OpenSSL works off
 * whatever number of rounds a file asks for.
 *
 * @throws {PfxError} `unsupported` or `malformed`, before anything is derived.
 */
export function checkDerivationCost(encryptedPrivateKeyInfo: Uint8Array): void {
  const [algorithm] = readSequence(parseAsn1(encryptedPrivateKeyInfo));
  const [scheme, parameters] = readSequence(algorithm);
  if (readObjectIdentifier(scheme) !== oids.pbes2) {
    // PBES1 and PKCS #12: a salt, and a number of rounds.
    new DerivationBudget().spend(readSequence(parameters)[1], blocks);
    return;
  }
  const [derivation] = readSequence(parameters);
  const [function_, values] = readSequence(derivation);
  if (readObjectIdentifier(function_) === scryptOid) checkScrypt(readSequence(values));
  else new DerivationBudget().spend(readSequence(values)[1], blocks);
}

function checkScrypt([, cost, blockSize, parallelization]: readonly Asn1[]): void {
  const factors = [cost, blockSize, parallelization].map((each) => readSmallInteger(each));
  const product = factors.reduce((left, right) => left * right, 1);
  if (product > maximumScryptCost) {
    throw new PfxError(
      'unsupported',
      `It asks for scrypt with N × r × p = ${product}; at most ${maximumScryptCost} is accepted.`,
    );
  }
}
