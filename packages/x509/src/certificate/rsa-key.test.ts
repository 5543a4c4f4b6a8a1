import assert from 'node:assert/strict';
import { constants, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { makeCertificate } from '../test-support/certificates.js';
import { encodeElement, getNode, parseTree } from '../test-support/der-editing.js';
import { countRuns } from '../test-support/random-runs.js';
import { readCertificate } from '../test-support/revocation.js';
import { readRsaKey, rsaAlgorithm } from './rsa-key.js';
import { VerificationKey } from './signature-verification.js';

const { signed, verificationKey } = readCertificate(makeCertificate({ key: 'rsa-2048' }).der);
const info = Buffer.from(verificationKey.subjectPublicKeyInfo);
const rsaPublicKey = parseTree(getNode(parseTree(info), 1).content.subarray(1));
const [n, e] = [getNode(rsaPublicKey, 0).content, getNode(rsaPublicKey, 1).content];

interface Writing {
  readonly algorithm?: string;
  readonly numbers?: readonly Buffer[];
  readonly unusedBits?: number;
  readonly afterNumbers?: Buffer;
  readonly afterKey?: Buffer;
  readonly afterBits?: Buffer;
}

const none = Buffer.alloc(0);

function writeKey({ algorithm = rsaAlgorithm, numbers = [n, e], unusedBits = 0, ...after }: Writing): Buffer {
  const { afterNumbers = none, afterKey = none, afterBits = none } = after;
  const integers = numbers.map((content) => encodeElement(0x02, content));
  const key = encodeElement(0x30, ...integers, afterNumbers);
  const bits = encodeElement(0x03, Buffer.from([unusedBits]), key, afterKey);
  return encodeElement(0x30, Buffer.from(algorithm, 'hex'), bits, afterBits);
}

/** The facts by which two keys are compared, and what each answers about one signature. */
function describeKey(key: KeyObject | null): unknown {
  if (key === null) return null;
  const spki = key.export({ type: 'spki', format: 'der' }).toString('hex');
  return [key.type, key.asymmetricKeyType, key.asymmetricKeyDetails, spki, answerOf(key)];
}

function answerOf(key: KeyObject): unknown {
  try {
    return verify('sha256', signed.data, { key, padding: constants.RSA_PKCS1_PADDING }, signed.signature);
  } catch (error) {
    return (error as Error).message;
  }
}

function readByOpenssl(key: Buffer): KeyObject | null {
  try {
    return createPublicKey({ key, format: 'der', type: 'spki' });
  } catch {
    return null;
  }
}

/** Without parameters, with other parameters, and restricted to PSS. */
const otherAlgorithms = [
  '300b06092a864886f70d010101',
  '300d06092a864886f70d0101010400',
  '300e06092a864886f70d010101050100',
  '300f06092a864886f70d01010105000500',
  '300d06092a864886f70d01010a0500',
  '300b06092a864886f70d01010a',
];
const [zero, lead] = [Buffer.from([0]), (number: Buffer): Buffer => Buffer.concat([Buffer.from([0]), number])];

describe('an RSA key', () => {
  it('is imported by its numbers, and equals the key that OpenSSL reads', () => {
    assert.deepEqual(writeKey({}), info);
    for (const key of [info, new Uint8Array(info), writeKey({ numbers: [Buffer.from([3]), Buffer.from([5])] })]) {
      const found = readRsaKey(key);
      assert.ok(found?.equals(createPublicKey({ key: Buffer.from(key), format: 'der', type: 'spki' })));
    }
    assert.equal(answerOf(readRsaKey(info)!), true);
  });

  it('is left to OpenSSL if its octets are not those that its numbers have in DER', () => {
    const others: readonly Writing[] = [
      ...otherAlgorithms.map((algorithm) => ({ algorithm })),
      // Numbers that are longer than needed, negative, empty, and zero.
      ...[lead(n), n.subarray(1), none, zero].map((number) => ({ numbers: [number, e] })),
      ...[lead(e), Buffer.from([0xff]), none, zero].map((number) => ({ numbers: [n, number] })),
      ...[[], [n], [n, e, e]].map((numbers) => ({ numbers })),
      { unusedBits: 1 },
      { afterNumbers: zero },
      { afterKey: Buffer.from([5, 0]) },
      { afterBits: Buffer.from([5, 0]) },
    ];
    for (const each of others) assert.equal(readRsaKey(writeKey(each)), undefined, JSON.stringify(each));
    assert.equal(readRsaKey(Buffer.concat([info, zero])), undefined);
    for (const key of ['p-256', 'ed25519', 'rsa-pss'] as const) {
      const other = readCertificate(makeCertificate({ key }).der).verificationKey;
      assert.equal(readRsaKey(other.subjectPublicKeyInfo), undefined, key);
    }
  });

  it('gives the same verdict whichever way it is imported, whatever its octets', () => {
    const octet = fc.integer({ min: 0, max: 255 });
    const number = fc.oneof(
      fc.constantFrom(n, e, lead(n), n.subarray(1), none, zero),
      fc.uint8Array({ maxLength: 9 }).map((octets) => Buffer.from(octets)),
      fc.uint8Array({ minLength: 120, maxLength: 140 }).map((octets) => Buffer.from(octets)),
      fc.constantFrom(2048, 2049, 2050, 4096).map((length) => lead(Buffer.alloc(length, 0xff))),
    );
    const tail = fc.constantFrom(none, none, none, zero, Buffer.from([5, 0]));
    const written = fc
      .record({
        algorithm: fc.constantFrom(rsaAlgorithm, rsaAlgorithm, ...otherAlgorithms),
        numbers: fc.tuple(number, number),
        unusedBits: fc.constantFrom(0, 0, 0, 1),
        afterNumbers: tail,
        afterKey: tail,
        afterBits: tail,
      })
      .map(writeKey);
    const key = fc.oneof(fc.constant(info), written);
    const place = fc.oneof(fc.nat({ max: 40 }), fc.nat({ max: 310 }));
    const change = fc.tuple(place, fc.constantFrom(0, 1), fc.array(octet, { maxLength: 2 }));
    const property = fc.property(key, fc.array(change, { maxLength: 3 }), (original, changes) => {
      const changed = changes.reduce(
        (octets, [at, removed, added]) =>
          Buffer.concat([octets.subarray(0, at), Buffer.from(added), octets.subarray(at + removed)]),
        original,
      );
      assert.deepEqual(describeKey(new VerificationKey(changed).key), describeKey(readByOpenssl(changed)));
    });
    fc.assert(property, { numRuns: countRuns(200) });
  });
});
