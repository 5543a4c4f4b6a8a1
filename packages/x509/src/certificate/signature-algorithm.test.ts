import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readDer, readSingle } from '../encoding/der.js';
import { isMlDsaKnown } from '../test-support/certificate-writing.js';
import { encodeElement } from '../test-support/der-editing.js';
import { integer, objectIdentifier, sequence, tagged } from '../test-support/der-writing.js';
import {
  type SignatureAlgorithm,
  aSignatureAlgorithm,
  decodeSignatureAlgorithm,
  describeRefusedAlgorithm,
  describeSignatureAlgorithm,
  describeUnsupportedAlgorithm,
  isVerifiable,
} from './signature-algorithm.js';

const decode = (...items: readonly Uint8Array[]): SignatureAlgorithm | string => {
  const decoding = readDer(() => decodeSignatureAlgorithm(readSingle(sequence(...items), 0x30)));
  return decoding.ok ? decoding.value : decoding.fault;
};
const nothing = encodeElement(0x05);
const rsa = (last: number): string => `1.2.840.113549.1.1.${last}`;
const ecdsa = (last: string): string => `1.2.840.10045.4.${last}`;
const sha2 = (last: number): string => `2.16.840.1.101.3.4.2.${last}`;
const unknown = (identifier: string): SignatureAlgorithm => ({ scheme: 'unknown', objectIdentifier: identifier });

describe('an algorithm without parameters of its own', () => {
  for (const [identifier, expected] of [
    [rsa(4), { scheme: 'rsa-pkcs1', digest: 'md5' }],
    [rsa(5), { scheme: 'rsa-pkcs1', digest: 'sha1' }],
    [rsa(14), { scheme: 'rsa-pkcs1', digest: 'sha224' }],
    [rsa(11), { scheme: 'rsa-pkcs1', digest: 'sha256' }],
    [rsa(12), { scheme: 'rsa-pkcs1', digest: 'sha384' }],
    [rsa(13), { scheme: 'rsa-pkcs1', digest: 'sha512' }],
    [ecdsa('1'), { scheme: 'ecdsa', digest: 'sha1' }],
    [ecdsa('3.1'), { scheme: 'ecdsa', digest: 'sha224' }],
    [ecdsa('3.2'), { scheme: 'ecdsa', digest: 'sha256' }],
    [ecdsa('3.3'), { scheme: 'ecdsa', digest: 'sha384' }],
    [ecdsa('3.4'), { scheme: 'ecdsa', digest: 'sha512' }],
    ['1.3.101.112', { scheme: 'ed25519' }],
    ['1.3.101.113', { scheme: 'ed448' }],
    ['2.16.840.1.101.3.4.3.17', { scheme: 'ml-dsa-44' }],
    ['2.16.840.1.101.3.4.3.18', { scheme: 'ml-dsa-65' }],
    ['2.16.840.1.101.3.4.3.19', { scheme: 'ml-dsa-87' }],
    ['1.2.3', unknown('1.2.3')],
  ] as const) {
    it(`${identifier} is ${expected.scheme}`, () => {
      assert.deepEqual(decode(objectIdentifier(identifier)), expected);
      // Only RSA may have NULL as parameters.
      const withNull = expected.scheme === 'rsa-pkcs1' ? expected : unknown(identifier);
      assert.deepEqual(decode(objectIdentifier(identifier), nothing), withNull);
      assert.deepEqual(decode(objectIdentifier(identifier), encodeElement(0x05, Buffer.alloc(1))), unknown(identifier));
      assert.deepEqual(decode(objectIdentifier(identifier), sequence()), unknown(identifier));
      assert.equal(decode(objectIdentifier(identifier), nothing, nothing), 'trailing bytes inside an element');
    });
  }
});

describe('RSASSA-PSS', () => {
  const pss = rsa(10);
  const digest = (identifier: string, ...parameters: readonly Uint8Array[]): Buffer =>
    sequence(objectIdentifier(identifier), ...parameters);
  const mask = (identifier: string, generator = rsa(8), ...more: readonly Uint8Array[]): Buffer =>
    sequence(objectIdentifier(generator), digest(identifier), ...more);
  const read = (...fields: readonly Uint8Array[]): SignatureAlgorithm | string =>
    decode(objectIdentifier(pss), sequence(...fields));
  const sha1 = '1.3.14.3.2.26';
  const of = (name: string, saltLength: number): object => ({ scheme: 'rsa-pss', digest: name, saltLength });
  const both = (identifier: string): readonly Buffer[] => [tagged(0, digest(identifier)), tagged(1, mask(identifier))];

  it('has the defaults of RFC 4055 if its parameters are empty', () => {
    assert.deepEqual(read(), of('sha1', 20));
    assert.deepEqual(read(...both(sha1), tagged(2, integer(20)), tagged(3, integer(1))), of('sha1', 20));
    assert.deepEqual(decode(objectIdentifier(pss)), unknown(pss));
    assert.deepEqual(decode(objectIdentifier(pss), nothing), unknown(pss));
  });

  it('has the same digest for the message and the mask', () => {
    for (const [identifier, name] of [
      [sha2(4), 'sha224'],
      [sha2(1), 'sha256'],
      [sha2(2), 'sha384'],
      [sha2(3), 'sha512'],
    ] as const) {
      assert.deepEqual(read(...both(identifier), tagged(2, integer(32))), of(name, 32));
      assert.deepEqual(read(tagged(0, digest(identifier, nothing)), tagged(1, mask(identifier))), of(name, 20));
      assert.deepEqual(read(tagged(0, digest(identifier))), unknown(pss));
      assert.deepEqual(read(tagged(1, mask(identifier))), unknown(pss));
    }
    assert.deepEqual(read(tagged(0, digest(sha2(1))), tagged(1, mask(sha2(2)))), unknown(pss));
    assert.deepEqual(read(...both('1.2.3')), unknown(pss));
    assert.deepEqual(read(tagged(0, digest(sha2(1), integer(1))), tagged(1, mask(sha2(1)))), unknown(pss));
    assert.deepEqual(read(tagged(0, digest(sha2(1))), tagged(1, mask(sha2(1), '1.2.3'))), unknown(pss));
  });

  it('has a short salt, and the one trailer that exists', () => {
    assert.deepEqual(read(...both(sha2(1)), tagged(2, integer(0))), of('sha256', 0));
    assert.deepEqual(read(...both(sha2(1)), tagged(2, integer(1024))), of('sha256', 1024));
    assert.deepEqual(read(...both(sha2(1)), tagged(2, integer(1025))), unknown(pss));
    assert.deepEqual(read(...both(sha2(1)), tagged(3, integer(2))), unknown(pss));
  });

  it('is refused with trailing fields', () => {
    const trailing = 'trailing bytes inside an element';
    assert.equal(read(tagged(3, integer(1)), nothing), trailing);
    assert.equal(read(tagged(0, digest(sha2(1), nothing, nothing))), trailing);
    assert.equal(read(tagged(0, digest(sha2(1))), tagged(1, mask(sha2(1), rsa(8), nothing))), trailing);
  });
});

describe('an algorithm for people', () => {
  const runtime = isMlDsaKnown ? '' : ': ';
  it('has its name', () => {
    for (const [algorithm, expected] of [
      [{ scheme: 'rsa-pkcs1', digest: 'sha1' }, 'rsa-pkcs1 with sha1'],
      [{ scheme: 'rsa-pss', digest: 'sha256', saltLength: 32 }, 'rsa-pss with sha256'],
      [{ scheme: 'ecdsa', digest: 'sha384' }, 'ecdsa with sha384'],
      [{ scheme: 'ed25519' }, 'ed25519'],
      [{ scheme: 'ed448' }, 'ed448'],
      [unknown('1.2.3'), 'algorithm 1.2.3'],
      [unknown('2.16.840.1.101.3.4.3.2'), 'DSA with SHA-256 (2.16.840.1.101.3.4.3.2)'],
      [unknown('2.16.840.1.101.3.4.3.17'), 'ML-DSA-44 with parameters (2.16.840.1.101.3.4.3.17)'],
      ...[rsa(11), ecdsa('3.2'), rsa(10), '1.3.101.112', '1.3.101.113'].map(
        (known) => [unknown(known), `algorithm ${known} with parameters that are not supported`] as const,
      ),
    ] as const) {
      assert.equal(describeSignatureAlgorithm(algorithm), expected);
      assert.equal(describeRefusedAlgorithm(algorithm), expected);
      assert.ok(isVerifiable(algorithm));
    }
  });

  it("is described with the remedy if Node can't verify it", () => {
    for (const [scheme, name] of [
      ['ml-dsa-44', 'ML-DSA-44'],
      ['ml-dsa-65', 'ML-DSA-65'],
      ['ml-dsa-87', 'ML-DSA-87'],
    ] as const) {
      assert.equal(describeSignatureAlgorithm({ scheme }), name);
      assert.equal(isVerifiable({ scheme }), isMlDsaKnown);
      const described = describeRefusedAlgorithm({ scheme });
      assert.ok(described.startsWith(`${name}${runtime}`) && described.length > name.length === !isMlDsaKnown);
    }
  });

  it('is named for a key too', () => {
    for (const [identifier, expected] of [
      ['1.3.101.110', 'X25519 (1.3.101.110)'],
      ['2.16.840.1.101.3.4.3.31', 'SLH-DSA-SHAKE-256f (2.16.840.1.101.3.4.3.31)'],
      ['1.2.3', 'algorithm 1.2.3'],
    ] as const)
      assert.equal(describeUnsupportedAlgorithm(identifier), expected);
  });
});

it('an algorithm of a scheme with digests has one', () => {
  for (const [value, expected] of [
    [{ scheme: 'rsa-pkcs1', digest: 'sha256' }, true],
    [{ scheme: 'rsa-pss', digest: 'md5' }, true],
    [{ scheme: 'ecdsa', digest: 'sha3' }, false],
    [{ scheme: 'ecdsa' }, false],
    [{ scheme: 'rsa-pss' }, false],
    [{ scheme: 'rsa-pkcs1' }, false],
    [{ scheme: 'ed25519' }, true],
    [{ scheme: 'ed448' }, true],
    [{ scheme: 'ml-dsa-44' }, true],
    [{ scheme: 'ml-dsa-65' }, true],
    [{ scheme: 'ml-dsa-87' }, true],
    [{ scheme: 'unknown' }, true],
    [{ scheme: 'toString' }, false],
    [Object.create({ scheme: 'ed25519' }), false],
    [null, false],
    ['ed25519', false],
  ] as const)
    assert.equal(aSignatureAlgorithm.holds(value), expected, JSON.stringify(value));
});
