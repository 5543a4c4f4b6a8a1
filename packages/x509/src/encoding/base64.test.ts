import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { Base64Decoder, decodeBase64, decodePem, decodePemBundle } from './base64.js';
import { countRuns, isLongRun } from '../test-support/random-runs.js';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const bytes = fc.uint8Array({ minLength: 1, maxLength: 300 });

/** Checks the decoder against the definition: a text is canonical if encoding its bytes gives it back. */
function holdsToEncoding(text: string): void {
  const bytes = Buffer.from(text, 'base64');
  const isCanonical = bytes.length > 0 && bytes.toString('base64') === text;
  const decoding = decodeBase64(text);
  // `assert` would cost more than what it tests here hundreds of thousands of times.
  if (decoding.ok !== isCanonical) assert.fail(`${decoding.ok ? 'took' : 'refused'} ${JSON.stringify(text)}`);
  if (decoding.ok && !bytes.equals(decoding.bytes)) assert.fail(`decoded ${JSON.stringify(text)} to other bytes`);
  const again = decoder.decode(text);
  const isSame = again.ok ? decoding.ok && bytes.equals(again.bytes) : !decoding.ok && again.fault === decoding.fault;
  if (!isSame) assert.fail(`the decoder that keeps its memory answers otherwise to ${JSON.stringify(text)}`);
}

/** Has the size of the gate's decoder. Bytes that an earlier text left in its memory must not show. */
const decoder = new Base64Decoder(16_384);

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

  test('accepts only texts that Buffer writes back unchanged, so that one byte string has one text', () => {
    const character = fc.constantFrom(...Array.from(alphabet), '=', '-', '_', ' ', '\n', ',', '\0', 'é', '\u{1f600}');
    fc.assert(
      fc.property(fc.array(character, { maxLength: 24 }), (characters) => {
        const text = characters.join('');
        const decoding = decodeBase64(text);
        if (decoding.ok) assert.equal(Buffer.from(decoding.bytes).toString('base64'), text);
        else assert.notEqual(Buffer.from(text, 'base64').toString('base64') === text && text !== '', true);
      }),
      { numRuns: countRuns(400) },
    );
  });

  // The result depends on how this Node's decoder treats characters outside base64. It may have a fast and a slow way,
  // chosen by length.
  test('accepts exactly the texts that encoding gives back, for every code unit at every place of a quantum', () => {
    for (const data of isLongRun() ? [1, 2, 3, 5, 48, 97] : [2, 97]) {
      const text = Buffer.alloc(data, 0xa7).toString('base64');
      const inner = isLongRun() ? [1, 2, 3, text.length - 4, text.length - 3] : [];
      const places = new Set([0, ...inner, text.length - 2, text.length - 1]);
      for (const place of places) {
        for (let unit = 0; unit <= 0xffff; unit += 1) {
          holdsToEncoding(text.slice(0, place) + String.fromCharCode(unit) + text.slice(place + 1));
        }
      }
    }
  });

  test('accepts exactly the texts that encoding gives back, with code units inserted, left out and changed', () => {
    const unit = fc.oneof(
      fc.constantFrom(...Array.from(alphabet), '=', '-', '_', ' ', '\t', '\r', '\n', ',', '\0'),
      fc.integer({ min: 0, max: 0xff }).map((code) => String.fromCharCode(code)),
      fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
      // A code unit beyond ASCII whose low octet is a character of base64.
      fc
        .tuple(fc.integer({ min: 1, max: 0xff }), fc.constantFrom(...Array.from(alphabet), '='))
        .map(([high, low]) => String.fromCharCode(high * 256 + low.charCodeAt(0))),
    );
    const edit = fc.record({
      at: fc.nat(),
      removed: fc.integer({ min: 0, max: 2 }),
      put: fc.array(unit, { maxLength: 3 }),
    });
    const given = fc.oneof(bytes, fc.uint8Array({ minLength: 1, maxLength: 3000 }));
    fc.assert(
      fc.property(given, fc.array(edit, { maxLength: 3 }), (data, edits) => {
        let text = Buffer.from(data).toString('base64');
        for (const { at, removed, put } of edits) {
          const start = at % (text.length + 1);
          text = text.slice(0, start) + put.join('') + text.slice(start + removed);
        }
        holdsToEncoding(text);
      }),
      { numRuns: countRuns(600) },
    );
  });

  test('decodes into memory that is just large enough, and refuses a text that may be too long for it', () => {
    for (const length of [1, 2, 3, 4, 100, 300]) {
      const given = Buffer.alloc(length, 0xa7);
      const text = given.toString('base64');
      const fitting = new Base64Decoder(text.length);
      const decoding = fitting.decode(text);
      assert.ok(decoding.ok);
      assert.deepEqual(Buffer.from(decoding.bytes), given);
      assert.equal(decoding.bytes.buffer.byteLength, (text.length / 4) * 3);
      assert.throws(() => fitting.decode(`${text}A`), RangeError);
    }
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
    ['base64url that begins with the other character', '_-_-', 'base64url'],
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
      assert.deepEqual(decoder.decode(text), { ok: false, fault });
      assert.equal(decoder.decodeBytes(text), undefined);
    });
  }
});

const block = (label: string, body: string): string => `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`;

describe('one PEM block', () => {
  const one = block('CERTIFICATE', 'TW\r\nFu');

  test('is decoded with or without white space around it', () => {
    for (const text of [one, one.trim(), `\r\n ${one}\t\n`]) {
      const decoding = decodePem(text, 'CERTIFICATE');
      assert.equal(decoding.ok && String(decoding.bytes), 'Man');
    }
    const list = decodePem(block('X509 CRL', 'TWFu'), 'X509 CRL');
    assert.equal(list.ok && String(list.bytes), 'Man');
  });

  for (const [what, text, fault] of [
    ['nothing', '', 'not_pem'],
    ['a path', 'ca.pem', 'not_pem'],
    ['an end without a beginning', '-----END CERTIFICATE-----', 'not_pem'],
    ['a label over two lines', '-----BEGIN CERT\nIFICATE-----\nTWFu\n-----END CERTIFICATE-----', 'not_pem'],
    ['two', one + one, 'several_blocks'],
    ['a private key alone', block('PRIVATE KEY', 'TWFu'), 'private_key'],
    ['a private key behind it', one + block('EC PRIVATE KEY', 'TWFu'), 'private_key'],
    ['a request', block('CERTIFICATE REQUEST', 'TWFu'), 'other_label'],
    ['no label', block('', 'TWFu'), 'other_label'],
    ['text in front', `a CA\n${one}`, 'text_around'],
    ['text behind', `${one}the end`, 'text_around'],
    ['an end of another kind', one.replace('END CERTIFICATE', 'END X509 CRL'), 'text_around'],
    ['something else inside', block('CERTIFICATE', 'TWF-'), 'not_base64'],
    ['nothing inside', block('CERTIFICATE', ''), 'not_base64'],
  ] as const) {
    test(`${what}: ${fault}`, () => {
      assert.deepEqual(decodePem(text, 'CERTIFICATE'), { ok: false, fault });
    });
  }
});

describe('a bundle of PEM blocks', () => {
  const [one, other] = [block('CERTIFICATE', 'TWFu'), block('CERTIFICATE', 'TW\r\nE=')];

  test('gives every block, whatever text is between them', () => {
    for (const text of [one + other, `a CA\n${one}# another ----\n${other}the end\n`, `\r\n${one}\r\n\r\n${other}`]) {
      const decoding = decodePemBundle(text, 'CERTIFICATE');
      assert.deepEqual(decoding.ok && decoding.blocks.map(String), ['Man', 'Ma']);
    }
    const decoding = decodePemBundle(one, 'CERTIFICATE');
    assert.equal(decoding.ok && decoding.blocks.length, 1);
  });

  for (const [what, text, fault] of [
    ['nothing', '', 'not_pem'],
    ['a path', 'ca.pem', 'not_pem'],
    ['a private key after it', one + block('EC PRIVATE KEY', 'TWFu'), 'private_key'],
    ['a list after it', one + block('X509 CRL', 'TWFu'), 'other_label'],
    ['a label that only begins so', block('CERTIFICATE REQUEST', 'TWFu'), 'other_label'],
    ['a block without its end', one + other.slice(0, -6), 'broken_block'],
    ['a block that ends within the next one', `${one.slice(0, 33)}${other}`, 'broken_block'],
    ['a block that ends as another', one.replace('END CERTIFICATE', 'END X509 CRL') + other, 'broken_block'],
    ['a block of something else', one + block('CERTIFICATE', 'TWF-'), 'not_base64'],
    ['an empty block', one + block('CERTIFICATE', ''), 'not_base64'],
  ] as const) {
    test(`${what}: ${fault}`, () => {
      assert.deepEqual(decodePemBundle(text, 'CERTIFICATE'), { ok: false, fault });
    });
  }
});
