import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseSerialNumber } from './revoked-argument.js';

test('a serial number is read the same, however openssl, browsers and Windows print it', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 20 }).filter((octets) => octets[0] !== 0),
      (octets) => {
        const hex = Buffer.from(octets).toString('hex').toUpperCase();
        const encoded = octets[0]! >= 0x80 ? `00${hex}` : hex;
        const pairs = hex.match(/../g)!;
        for (const text of [
          hex,
          hex.toLowerCase(),
          `0x${hex}`,
          `00${hex}`,
          pairs.join(':'),
          pairs.join(' '),
          hex.replace(/^0/, ''),
        ]) {
          assert.equal(parseSerialNumber(text), encoded, text);
        }
      },
    ),
  );
  for (const text of ['', '0', '00', 'xyz', 'billing.crt.pem', '1'.repeat(43)])
    assert.equal(parseSerialNumber(text), undefined);
});
