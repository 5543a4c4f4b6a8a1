import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import {
  type CanonicalName,
  decodeCanonicalName,
  formatDistinguishedName,
  nameAttributeTypes,
} from './distinguished-name.js';
import { derTags, readDer, readSingle } from '../encoding/der.js';
import { encodeElement } from '../test-support/der-editing.js';
import { objectIdentifier, sequence, set } from '../test-support/der-writing.js';
import { countRuns } from '../test-support/random-runs.js';
import { decodeDistinguishedName } from './certificate.js';

const utf8 = 0x0c;
const bmp = 0x1e;
/** The tags of INTEGER, OCTET STRING, BIT STRING, NumericString, VisibleString and GeneralString. */
const withoutText = [0x02, 0x04, 0x03, 0x12, 0x1a, 0x1b];

describe('names, by properties', () => {
  const tags = [utf8, 0x13, 0x14, 0x16, 0x1c, bmp, ...withoutText];
  const octets = fc.oneof(
    fc.uint8Array({ maxLength: 8 }),
    fc.string({ unit: 'grapheme', maxLength: 4 }).map((value) => Buffer.from(value, 'utf16le').swap16()),
    fc.string({ unit: 'binary', maxLength: 4 }).map((value) => Buffer.from(value)),
    fc.array(fc.constantFrom(0xd800, 0xdc00, 0x41, 0x61, 0xfffd), { maxLength: 4 }).map((units) => {
      return Buffer.from(Uint16Array.from(units).buffer).swap16();
    }),
  );
  const value = fc.tuple(fc.constantFrom(...tags), octets);
  const decode = (tag: number, content: Uint8Array): { canonical: CanonicalName; shown: string } | undefined => {
    const attribute = sequence(
      objectIdentifier(nameAttributeTypes.commonName),
      encodeElement(tag, Buffer.from(content)),
    );
    const name = sequence(set(attribute));
    const decoding = readDer(() => {
      const element = readSingle(name, derTags.sequence);
      const shown = formatDistinguishedName(decodeDistinguishedName(element));
      return { canonical: decodeCanonicalName(element), shown };
    });
    return decoding.ok ? decoding.value : undefined;
  };
  /** Reads the octets as text without the code under test, as UTF-16. Undefined if they are not a text. */
  const readText = (tag: number, content: Uint8Array): string | undefined => {
    const bytes = Buffer.from(content);
    const read = (): string | undefined => {
      if (tag === utf8) return bytes.toString();
      if (tag === 0x13 || tag === 0x14 || tag === 0x16) return bytes.toString('latin1');
      if (tag === bmp) return bytes.length % 2 === 0 ? Buffer.from(bytes).swap16().toString('utf16le') : undefined;
      if (tag !== 0x1c || bytes.length % 4 !== 0) return undefined;
      const points = Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readUInt32BE(index * 4));
      return points.some((point) => point > 0x10ffff) ? undefined : String.fromCodePoint(...points);
    };
    const found = read();
    return found !== undefined && !/\p{Cs}/u.test(found) && (tag !== utf8 || Buffer.from(found).equals(bytes))
      ? found
      : undefined;
  };

  it('every name that is compared is text to any reader, and no character is replaced in it', () => {
    let texts = 0;
    fc.assert(
      fc.property(value, ([tag, content]) => {
        const name = decode(tag, content);
        if (name === undefined) return;
        const expected = readText(tag, content);
        assert.equal(name.canonical.incomparableType === undefined, expected !== undefined);
        const hasReplacement = /\ufffd|\\ef\\bf\\bd/i.test(`${name.shown}${name.canonical.key}`);
        assert.equal(hasReplacement, expected?.includes('\ufffd') ?? false);
        if (expected !== undefined) texts += 1;
      }),
      { numRuns: countRuns(600) },
    );
    assert.ok(texts > 60);
  });

  it('two equal names have the same text, and a value that is not text equals only itself', () => {
    fc.assert(
      fc.property(value, value, ([tag, content], [otherTag, otherContent]) => {
        const [one, other] = [decode(tag, content), decode(otherTag, otherContent)];
        if (one === undefined || other === undefined || one.canonical.key !== other.canonical.key) return;
        const [left, right] = [readText(tag, content), readText(otherTag, otherContent)];
        if (left === undefined || right === undefined) {
          assert.deepEqual([tag, Buffer.from(content)], [otherTag, Buffer.from(otherContent)]);
        } else {
          const fold = (text: string): string =>
            text
              .normalize('NFKC')
              .toLowerCase()
              .replace(/[\s\p{C}]/gu, '');
          if (/^[\x20-\x7e]*$/.test(left + right)) assert.equal(fold(left), fold(right));
        }
      }),
      { numRuns: countRuns(600) },
    );
  });
});
