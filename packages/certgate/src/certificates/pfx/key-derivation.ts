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

/**
 * RFC 7292 appendix B distinguishes two empty passwords: `null` has no octets at all, and `''` has the two octets that
 * end an empty BMPString.
 */
export type PfxPassword = string | null;

/** What a derived key is for: the "ID" of RFC 7292 appendix B.3. */
export const keyPurposes = { encryption: 1, initializationVector: 2, mac: 3 } as const;
export type KeyPurpose = (typeof keyPurposes)[keyof typeof keyPurposes];

/**
 * The most rounds that one derivation may ask for. RFC 7292 and RFC 8018 set no limit, and a file must not keep this
 * machine busy for any time it likes. OpenSSL writes 2,048 rounds by default, this tool 100,000 in a PFX; OWASP advises
 * 600,000 with SHA-256.
 */
const maximumRounds = 1_000_000;

/**
 * The most rounds for a whole file: enough for a MAC, certificates and a key, each at the limit. A file can have many
 * bags, and some keys take several blocks.
 */
const maximumRoundsOfFile: number = 3 * maximumRounds;

/**
 * The rounds that one file may still ask for. Each derivation takes from it, with PKCS #12 or PBKDF2, for the MAC and
 * for each bag.
 */
export class DerivationBudget {
  readonly #limit: number;
  #left: number;

  constructor(limit: number = maximumRoundsOfFile) {
    this.#limit = limit;
    this.#left = limit;
  }

  /**
   * Takes the rounds that an INTEGER asks for from the budget, once for each block of the digest, and returns their
   * number.
   *
   * @throws {PfxError} if the number of rounds can't be read or is not accepted.
   */
  spend(iterations: Asn1 | undefined, blocks: number): number {
    const rounds = readRounds(iterations);
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

/**
 * Reads a number of rounds within the limit of one derivation.
 *
 * @throws {PfxError} if the number can't be read or is not accepted.
 */
function readRounds(iterations: Asn1 | undefined): number {
  const rounds = readSmallInteger(iterations);
  if (rounds >= 1 && rounds <= maximumRounds) return rounds;
  throw new PfxError(
    'unsupported',
    `It asks for ${rounds} rounds of key derivation; 1 to ${maximumRounds} are accepted. ${exportAgain}`,
  );
}

const exportAgain = 'Export it again with fewer: openssl pkcs12 -export -iter 100000';

export interface Pkcs12Derivation {
  readonly digest: DigestName;
  readonly salt: Buffer;
  readonly iterations: number;
  readonly length: number;
}

/** Derives a key as in RFC 7292 appendix B.2, from the password as a BMPString. */
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
 * Derives a key with PBKDF2 as its AlgorithmIdentifier says (RFC 8018 appendix A.2), from the password in UTF-8.
 * `keyLength` is the length that the cipher needs, in octets; a length that the file states must be the same.
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
  // RFC 8018 appendix A.2: the default is algid-hmacWithSHA1.
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

/** The object identifier of scrypt (RFC 7914 §7). */
const scryptOid = '1.3.6.1.4.1.11591.4.11';

/** The highest value of N × r × p: 32 times OpenSSL's default. */
const maximumScryptCost = 4_194_304;

/**
 * Refuses an EncryptedPrivateKeyInfo (RFC 5958 §3) whose key derivation would keep this machine busy, because OpenSSL
 * works off any number of rounds that a file asks for.
 *
 * @throws {PfxError} `unsupported` or `malformed`, before anything is derived.
 */
export function checkDerivationCost(encryptedPrivateKeyInfo: Uint8Array): void {
  const [algorithm] = readSequence(parseAsn1(encryptedPrivateKeyInfo));
  const [scheme, parameters] = readSequence(algorithm);
  if (readObjectIdentifier(scheme) !== oids.pbes2) {
    // The parameters of PBES1 and of the PKCS #12 schemes are a salt and a number of rounds.
    readRounds(readSequence(parameters)[1]);
    return;
  }
  const [derivation] = readSequence(parameters);
  const [function_, values] = readSequence(derivation);
  if (readObjectIdentifier(function_) === scryptOid) checkScrypt(readSequence(values));
  else readRounds(readSequence(values)[1]);
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
