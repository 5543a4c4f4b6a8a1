import assert from 'node:assert/strict';
import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { encodeEcdsaSignature } from './ecdsa-signature.js';

describe('an ECDSA signature in DER', () => {
  for (const [namedCurve, digest, length] of [
    ['P-256', 'sha256', 64],
    ['P-384', 'sha384', 96],
  ] as const) {
    it(`of ${namedCurve} is verified by node:crypto`, () => {
      const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve });
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 64 }), (document) => {
          const fixed = sign(digest, document, { key: privateKey, dsaEncoding: 'ieee-p1363' });
          assert.equal(fixed.length, length);
          const encoded = encodeEcdsaSignature(fixed);
          assert.ok(verify(digest, document, { key: publicKey, dsaEncoding: 'der' }, encoded));
          assert.ok(!verify(digest, document, { key: publicKey, dsaEncoding: 'der' }, fixed));
        }),
        { numRuns: 100 },
      );
    });
  }

  it('has each integer in as few bytes as possible, and never a negative one', () => {
    const encode = (hex: string): string => Buffer.from(encodeEcdsaSignature(Buffer.from(hex, 'hex'))).toString('hex');
    assert.equal(encode('0001' + '007f'), '3006' + '020101' + '02017f');
    assert.equal(encode('0080' + 'ffff'), '3009' + '02020080' + '020300ffff');
    assert.equal(encode('0000' + '0100'), '3007' + '020100' + '02020100');
    assert.equal(encode('ff'.repeat(96)).length, 2 * 104);
  });

  it('is refused if it is not two integers of the same length', () => {
    for (const length of [0, 1, 63, 98, 132]) {
      assert.throws(() => encodeEcdsaSignature(new Uint8Array(length)), RangeError, String(length));
    }
  });
});
