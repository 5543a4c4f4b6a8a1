import { pbkdf2Sync } from 'node:crypto';
import forge from 'node-forge';
import {
  isInteger,
  isSequence,
  readObjectIdentifier,
  readOctetString,
  readSequence,
  readSmallInteger,
} from './asn1.js';
import { toBinary, toBytes, type Asn1 } from './asn1.js';
import { hmacDigestByOid, oids, type DigestName } from './object-identifiers.js';
import { PfxError } from './pfx-error.js';

/** `null` and `''` are two passwords in RFC 7292 appendix B: no octets at all, and the two octets that end an empty BMPString. */
export type PfxPassword = string | null;

/** What a derived key is for: the "ID" of RFC 7292 appendix B.3. */
export const keyPurposes = { encryption: 1, initializationVector: 2, mac: 3 } as const;
export type KeyPurpose = (typeof keyPurposes)[keyof typeof keyPurposes];

/** A file may not keep this machine busy for as long as it likes. Ours have 100,000; the largest advised today is 1.4 million. */
const maximumIterations = 5_000_000;

export function checkIterations(iterations: number): number {
  if (iterations < 1 || iterations > maximumIterations) {
    throw new PfxError(
      'unsupported',
      `It asks for ${iterations} rounds of key derivation; 1 to ${maximumIterations} are accepted.`,
    );
  }
  return iterations;
}

export interface Pkcs12Derivation {
  readonly digest: DigestName;
  readonly salt: Buffer;
  readonly iterations: number;
  readonly length: number;
}

/** RFC 7292 appendix B.2, over the password as a BMPString. */
export function derivePkcs12Key(password: PfxPassword, purpose: KeyPurpose, derivation: Pkcs12Derivation): Buffer {
  const salt = forge.util.createBuffer(toBinary(derivation.salt));
  const digest = createDigest(derivation.digest);
  const { iterations, length } = derivation;
  return toBytes(forge.pkcs12.generateKey(password, salt, purpose, iterations, length, digest).getBytes());
}

function createDigest(digest: DigestName): forge.md.MessageDigest {
  switch (digest) {
    case 'sha1':
      return forge.md.sha1.create();
    case 'sha256':
      return forge.md.sha256.create();
    case 'sha384':
      return forge.md.sha384.create();
    case 'sha512':
      return forge.md.sha512.create();
    case 'sha224':
      throw new PfxError('unsupported', 'Its integrity check uses SHA-224, which this reader does not know.');
  }
}

/**
 * PBKDF2 by its AlgorithmIdentifier (RFC 8018 appendix A.2), over the password in UTF-8.
 * `keyLength` is the cipher's own; a length that the file states must agree with it.
 */
export function derivePbkdf2Key(password: PfxPassword, algorithm: Asn1 | undefined, keyLength?: number): Buffer {
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
  const digest = readPseudoRandomFunction(optional.find(isSequence));
  const rounds = checkIterations(readSmallInteger(iterations));
  return pbkdf2Sync(Buffer.from(password ?? '', 'utf8'), readOctetString(salt), rounds, length, digest);
}

function readPseudoRandomFunction(algorithm: Asn1 | undefined): DigestName {
  // RFC 8018: DEFAULT algid-hmacWithSHA1
  if (algorithm === undefined) return 'sha1';
  return readHmacDigest(algorithm);
}

export function readHmacDigest(algorithm: Asn1 | undefined): DigestName {
  const oid = readObjectIdentifier(readSequence(algorithm)[0]);
  const digest = hmacDigestByOid.get(oid);
  if (digest === undefined)
    throw new PfxError('unsupported', `It uses the keyed hash ${oid}, which this reader does not know.`);
  return digest;
}
