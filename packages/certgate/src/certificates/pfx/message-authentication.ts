import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import {
  integer,
  nullValue,
  objectIdentifier,
  octetString,
  readObjectIdentifier,
  readOctetString,
  readSequence,
  sequence,
  type Asn1,
} from './asn1.js';
import {
  derivePbkdf2Key,
  derivePkcs12Key,
  type DerivationBudget,
  keyPurposes,
  readHmacDigest,
  type PfxPassword,
} from './key-derivation.js';
import { digestByOid, digestLengths, oids, type DigestName } from './object-identifiers.js';
import { PfxError } from './pfx-error.js';

/** Makes a MacData (RFC 7292 §4) for the authenticated safe. */
export function createMacData(
  authenticatedSafe: Buffer,
  password: string,
  digest: 'sha1' | 'sha256',
  iterations: number,
): Asn1 {
  const salt = randomBytes(16);
  const key = derivePkcs12Key(password, keyPurposes.mac, { digest, salt, iterations, length: digestLengths[digest] });
  const mac = createHmac(digest, key).update(authenticatedSafe).digest();
  const algorithm = sequence(objectIdentifier(oids[digest]), nullValue());
  return sequence(sequence(algorithm, octetString(mac)), octetString(salt), integer(iterations));
}

/** Whether the MAC was made with this password. Throws PfxError if the MAC is of a kind that can't be checked. */
export function verifyMacData(
  macData: Asn1,
  authenticatedSafe: Buffer,
  password: PfxPassword,
  budget: DerivationBudget,
): boolean {
  const [digestInfo, salt, iterations] = readSequence(macData);
  const [algorithm, digest] = readSequence(digestInfo);
  const [oid, parameters] = readSequence(algorithm);
  const expected = readOctetString(digest);
  const algorithmOid = readObjectIdentifier(oid);
  if (algorithmOid === oids.pbmac1) return verifyPbmac1(parameters, expected, authenticatedSafe, password, budget);
  const name = digestByOid.get(algorithmOid);
  if (name === undefined) {
    throw new PfxError('unsupported', `Its integrity check uses ${algorithmOid}, which this reader does not know.`);
  }
  const key = derivePkcs12Key(password, keyPurposes.mac, {
    digest: name,
    salt: readOctetString(salt),
    // RFC 7292 §4: `iterations` is an INTEGER with the default 1.
    iterations: iterations === undefined ? 1 : budget.spend(iterations, 1),
    length: digestLengths[name],
  });
  return isMac(name, key, authenticatedSafe, expected);
}

/** RFC 9579: the salt and the rounds are in the algorithm's parameters, and those of MacData are ignored. */
function verifyPbmac1(
  parameters: Asn1 | undefined,
  expected: Buffer,
  content: Buffer,
  password: PfxPassword,
  budget: DerivationBudget,
): boolean {
  const [keyDerivation, authenticationScheme] = readSequence(parameters);
  const key = derivePbkdf2Key(password, keyDerivation, budget);
  return isMac(readHmacDigest(authenticationScheme), key, content, expected);
}

function isMac(digest: DigestName, key: Buffer, content: Buffer, expected: Buffer): boolean {
  const actual = createHmac(digest, key).update(content).digest();
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}
