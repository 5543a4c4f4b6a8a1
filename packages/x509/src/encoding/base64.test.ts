import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { decodeBase64 } from './base64.js';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const bytes = fc.uint8Array({ minLength: 1, maxLength: 300 });

describe('decodeBase64', () => {
  test('decodes what Buffer encodes, whatever the bytes', () => {
    fc.assert(
      fc.property(bytes, (given) => {
        const decoding = decodeBase64(Buffer.from(given).toString('base64'));
        assert.ok(decoding.ok);
        assert.deepEqual([...decoding.bytes], [...given]);
      }),
    );
  });

  test('has one text for one byte string: what it accepts, Buffer writes back the same', () => {
    const character = fc.constantFrom(...Array.from(alphabet), '=', '-', '_', ' ', '\n', ',', '\0', 'é', '\u{1f600}');
    fc.assert(
      fc.property(fc.array(character, { maxLength: 24 }), (characters) => {
        const text = characters.join('');
        const decoding = decodeBase64(text);
        if (decoding.ok) assert.equal(Buffer.from(decoding.bytes).toString('base64'), text);
        else assert.notEqual(Buffer.from(text, 'base64').toString('base64') === text && text !== '', true);
      }),
      { numRuns: 2000 },
    );
  });

  test('refuses every other last character that Buffer would decode to the same bytes', () => {
    for (const given of [
      Buffer.from([0x4d]),
      Buffer.from([0x4d, 0x61]),
      Buffer.from([1, 2, 3, 4]),
      Buffer.alloc(5, 0xff),
    ]) {
      const text = given.toString('base64');
      const last = text.replace(/=+$/, '').length - 1;
      for (const character of alphabet) {
        const variant = text.slice(0, last) + character + text.slice(last + 1);
        if (variant === text || !Buffer.from(variant, 'base64').equals(given)) continue;
        assert.deepEqual(decodeBase64(variant), { ok: false, fault: 'base64_padding' }, variant);
      }
    }
  });

  const refused: readonly (readonly [string, string, string])[] = [
    ['the empty text', '', 'not_base64'],
    ['no padding', 'TQ', 'base64_padding'],
    ['half the padding', 'TQ=', 'base64_padding'],
    ['padding on a whole quantum', 'TWFu=', 'base64_padding'],
    ['a quantum of padding', 'TWFu====', 'base64_padding'],
    ['three padding characters', 'T===', 'base64_padding'],
    ['one character', 'T', 'base64_padding'],
    ['padding in the middle', 'TQ==TWFu', 'base64_padding'],
    ['padding alone', '==', 'base64_padding'],
    ['base64url', '-_-_', 'base64url'],
    ['base64url among base64', 'TW-+', 'base64url'],
    ['a space in front', ' TWFu', 'not_base64'],
    ['a space inside', 'TW Fu', 'not_base64'],
    ['a line end behind', 'TWFu\n', 'not_base64'],
    ['a line end inside', 'TWFu\r\nTWFu', 'not_base64'],
    ['NUL', 'TWFu\0', 'not_base64'],
    ['a comma', 'TWFu,TWFu', 'not_base64'],
    ['a full-width letter', 'TWFＵ', 'not_base64'],
  ];
  for (const [what, text, fault] of refused) {
    test(`refuses ${what}`, () => {
      assert.deepEqual(decodeBase64(text), { ok: false, fault });
    });
  }
});
