import { parseAsn1, readObjectIdentifier, readSequence, readSmallInteger, type Asn1 } from './asn1.js';
import { DerivationBudget } from './key-derivation.js';
import { oids } from './object-identifiers.js';
import { PfxError } from './pfx-error.js';

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
      `It asks for scrypt with N × r × p = ${product}; at most ${maximumScryptCost} is worked off.`,
    );
  }
}
