import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { readThumbprintList } from './read-thumbprint-list.js';

const a = 'CA06F56B258B7A0D4F2B05470939478651151984';
const b = '5726F1DDBC5BA5986A21BDFCBA1D88C74C8EDE90';
const s = '9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08';
const spread = (hex: string, separator: string): string => (hex.match(/../g) ?? []).join(separator);

/** `name value` of each entry. The list must contain nothing else. */
function read(text: string): readonly string[] {
  const { entries, faults, refusals } = readThumbprintList(text);
  assert.deepEqual([...faults, ...refusals], [], JSON.stringify(text));
  return entries.map(({ name, thumbprint }) => `${name ?? '-'} ${thumbprint.value}`);
}

describe('a list of thumbprints', () => {
  test('separators, letter case, colons, the mark of the Windows dialog and comments are understood', () => {
    for (const text of [
      `${a},${b}`,
      `${a};${b}`,
      `${a} ${b}`,
      `${a}\r\n${b}\r\n`,
      `${a}|${b}`,
      ` ${a.toLowerCase()} ,, ${b} , `,
      `${spread(a, ':')}\n${spread(b, ' ').toLowerCase()}`,
      `\ufeff\u200e${a}\n# old: ${s}\n${b} # partner`,
      `ALLOWED_THUMBPRINTS="${a},${b}"`,
      `AllowedThumbprints: '${a}', '${b}'`,
      `WEBSITE_LOAD_CERTIFICATES=${a},${b}`,
      `SHA1 Fingerprint=${spread(a, ':')}\nsha1:${b}`,
      JSON.stringify([a, b]),
      JSON.stringify(`${a},${b}`),
    ]) {
      assert.deepEqual(read(text), [`- ${a}`, `- ${b}`], JSON.stringify(text));
    }
  });

  test('a name applies to what follows on its line', () => {
    assert.deepEqual(read(`billing=${a},${s}; orders: ${b}\n${b}`), [
      `billing ${a}`, `billing ${s}`, `orders ${b}`, `- ${b}`,
    ]); // prettier-ignore
    assert.deepEqual(read(`beef: ${a}`), [`beef ${a}`]);
    assert.deepEqual(read(`beef = ${spread(a, ':')}`), [`beef ${a}`]);
    assert.deepEqual(read(JSON.stringify({ billing: [a, b], orders: s })), [
      `billing ${a}`, `billing ${b}`, `orders ${s}`,
    ]); // prettier-ignore
  });

  test('the length of a thumbprint shows its algorithm', () => {
    const { entries } = readThumbprintList(`${a}\n${spread(s, ':')}`);
    assert.deepEqual(entries.map(({ thumbprint, origin }) => `${origin} ${thumbprint.algorithm}`), ['line 1 sha1', 'line 2 sha256']); // prettier-ignore
  });

  test('what is not a thumbprint is a fault, with its place', () => {
    const cases: readonly (readonly [string, RegExp])[] = [
      [`${a}\n${a.slice(1)}`, /^line 2: .*39 hexadecimal digits/],
      [`${a} ${b.slice(2)}`, /38/],
      [`${a}0`, /41/],
      [spread(a.slice(2), ':'), /38/],
      ['hello', /not hexadecimal/],
      ['billing=', /billing=/],
      [`billing ${a}`, /billing/],
      [`${a}\u0430`, /not hexadecimal/],
      ['{"a":1}', /1 hexadecimal/],
      [JSON.stringify([[a]]), /./],
      ['[', /./],
    ];
    for (const [text, expected] of cases) {
      const { faults } = readThumbprintList(text);
      assert.equal(faults.length, 1, JSON.stringify(text));
      assert.match(faults.map(({ origin, item, reason }) => `${origin}: ${item}: ${reason}`).join(), expected);
    }
  });

  test('* is refused, and an empty list has no entries', () => {
    assert.match(readThumbprintList('WEBSITE_LOAD_CERTIFICATES=*').refusals[0]?.reason ?? '', /every certificate/);
    for (const text of ['', '\n# none\n', ' , ; ', '[]', '{}']) assert.deepEqual(read(text), []);
  });

  test('each thumbprint that is read is part of the list, whatever the list contains', () => {
    const piece = fc.oneof(
      fc.constantFrom(a, b, s, a.slice(3), ',', ';', '\n', ' ', ':', '=', '#', '"', '*', 'billing', '[', '{', '\u200e'),
      fc.string({ unit: 'binary', maxLength: 3 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join('');
        const digits = text.replace(/[^0-9A-Fa-f]/g, '').toUpperCase();
        for (const { thumbprint } of readThumbprintList(text).entries) assert.ok(digits.includes(thumbprint.value));
      }),
      { numRuns: 1000 },
    );
  });

  test('a list of any thumbprints is read completely and in order', () => {
    const hex = (length: number): fc.Arbitrary<string> =>
      fc.string({
        unit: fc.constantFrom(...Array.from('0123456789abcdefABCDEF')),
        minLength: length,
        maxLength: length,
      });
    const form = fc.constantFrom(':', ' ', '');
    const item = fc
      .tuple(fc.oneof(hex(40), hex(64)), form)
      .map(([value, separator]) => ({ value, text: spread(value, separator) }));
    fc.assert(
      fc.property(
        fc.array(item, { maxLength: 20 }),
        fc.constantFrom(',', ';', '\n', ' , ', '\r\n'),
        (items, separator) => {
          const entries = read(items.map(({ text }) => text).join(separator));
          assert.deepEqual(
            entries,
            items.map(({ value }) => `- ${value.toUpperCase()}`),
          );
        },
      ),
    );
  });
});
