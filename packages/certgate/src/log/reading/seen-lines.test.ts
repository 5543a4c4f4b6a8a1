import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { SeenLines } from './seen-lines.js';
import { maximumLineLength, TextLines } from './text-lines.js';

describe('texts that were added before', () => {
  test('are recognized, and no others are', () => {
    const seen = new SeenLines();
    for (let number = 0; number < 20_000; number += 1)
      assert.equal(seen.add(`line ${number % 10_000}`), number < 10_000);
    assert.deepEqual([seen.has('line 1'), seen.has('line 10000'), seen.isFull], [true, false, false]);
  });

  test('are not recognized if there was no room for them', () => {
    const seen = new SeenLines(0);
    assert.deepEqual([seen.isFull, seen.add('a'), seen.add('a')], [true, true, true]);
  });
});

describe('lines of a text', () => {
  test('are the same, however the text is divided into pieces', () => {
    const piece = fc.constantFrom('a', 'é', '\n', '\r\n', '𐍈', '');
    fc.assert(
      fc.property(fc.array(piece), fc.array(fc.nat(12)), (pieces, cuts) => {
        const text = pieces.join('');
        const expected = text.split('\n');
        if (expected.at(-1) === '') expected.pop();
        assert.deepEqual(divide(Buffer.from(text), cuts), expected);
      }),
    );
  });

  test('are reported as too long, in one piece or in several', () => {
    const long = 'x'.repeat(maximumLineLength + 1);
    const expected = ['a', 'too long', long.slice(1), 'b'];
    for (const cuts of [[], [1000, maximumLineLength, 3]])
      assert.deepEqual(divide(Buffer.from(`a\n${long}\n${long.slice(1)}\nb`), cuts), expected);
  });
});

/** Passes the pieces in one buffer that is overwritten each time, like the reading of a file does. */
function divide(bytes: Buffer, cuts: readonly number[]): readonly string[] {
  const found: string[] = [];
  const takeText = (text: string): void => void found.push(text);
  const lines = new TextLines({ takeText, passTooLong: () => void found.push('too long') });
  const buffer = Buffer.alloc(bytes.length + 1);
  let start = 0;
  for (const length of [...cuts, bytes.length]) {
    const count = bytes.copy(buffer, 0, start, start + length);
    lines.push(buffer.subarray(0, count));
    buffer.fill('?');
    start += count;
  }
  lines.end();
  return found;
}
