import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import {
  integer,
  nullValue,
  objectIdentifier,
  octetString,
  readObjectIdentifier,
  readOctetString,
  readSequence,
  readSmallInteger,
  sequence,
  type Asn1,
} from './asn1.js';
import {
  checkIterations,
  derivePbkdf2Key,
  derivePkcs12Key,
  keyPurposes,
  readHmacDigest,
  type PfxPassword,
} from './key-derivation.js';
import { digestByOid, oids, type DigestName } from './object-identifiers.js';
import { PfxError } from './pfx-error.js';

const digestLengths: Readonly<Record<DigestName, number>> = {
  sha1: 20,
  sha224: 28,
  sha256: 32,
  sha384: 48,
  sha512: 64,
};

/** MacData (RFC 7292 §4) over the authenticated safe. */
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

/** Whether this password made the MAC. Throws PfxError when the MAC is of a kind that can't be checked. */
export function verifyMacData(macData: Asn1, authenticatedSafe: Buffer, password: PfxPassword): boolean {
  const [digestInfo, salt, iterations] = readSequence(macData);
  const [algorithm, digest] = readSequence(digestInfo);
  const [oid, parameters] = readSequence(algorithm);
  const expected = readOctetString(digest);
  const algorithmOid = readObjectIdentifier(oid);
  if (algorithmOid === oids.pbmac1) return verifyPbmac1(parameters, expected, authenticatedSafe, password);
  const name = digestByOid.get(algorithmOid);
  if (name === undefined) {
    throw new PfxError('unsupported', `Its integrity check uses ${algorithmOid}, which this reader does not know.`);
  }
  const key = derivePkcs12Key(password, keyPurposes.mac, {
    digest: name,
    salt: readOctetString(salt),
    // RFC 7292 §4: iterations INTEGER DEFAULT 1
    iterations: iterations === undefined ? 1 : checkIterations(readSmallInteger(iterations)),
    length: digestLengths[name],
  });
  return isMac(name, key, authenticatedSafe, expected);
}

/** RFC 9579: salt and rounds stand in the algorithm's parameters, those of MacData are ignored. */
function verifyPbmac1(parameters: Asn1 | undefined, expected: Buffer, content: Buffer, password: PfxPassword): boolean {
  const [keyDerivation, authenticationScheme] = readSequence(parameters);
  return isMac(readHmacDigest(authenticationScheme), derivePbkdf2Key(password, keyDerivation), content, expected);
}

function isMac(digest: DigestName, key: Buffer, content: Buffer, expected: Buffer): boolean {
  const actual = createHmac(digest, key).update(content).digest();
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}
