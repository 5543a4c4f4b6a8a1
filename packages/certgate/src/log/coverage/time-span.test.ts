import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type TimeSpan, findGaps, findOverlaps, mergeSpans, measureSpans, subtractSpans } from './time-span.js';

// Most spans begin and end at small whole numbers, so that they often meet. The moments that the tests ask about are
// halves too.
const bound = (edge: number): fc.Arbitrary<number> =>
  fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 0, max: 20 }) }, { weight: 1, arbitrary: fc.constant(edge) });
const span: fc.Arbitrary<TimeSpan> = fc
  .tuple(bound(Number.NEGATIVE_INFINITY), bound(Number.POSITIVE_INFINITY))
  .map(([from, until]) => ({ from, until }));
const spans = fc.array(span, { maxLength: 8 });
const moments = Array.from({ length: 44 }, (_, index) => index / 2 - 1);

const has = ({ from, until }: TimeSpan, moment: number): boolean => from <= moment && moment < until;
const count = (list: readonly TimeSpan[], moment: number): number => list.filter((each) => has(each, moment)).length;

describe('spans of time', () => {
  it('contain the same moments after merging, and no longer touch', () => {
    fc.assert(
      fc.property(spans, (list) => {
        const merged = mergeSpans(list);
        for (const moment of moments) assert.equal(count(merged, moment), Math.min(1, count(list, moment)));
        for (const [index, { from }] of merged.entries()) {
          if (index > 0) assert.ok((merged[index - 1]?.until ?? from) < from);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('overlap exactly at the moments that at least two of them contain', () => {
    fc.assert(
      fc.property(spans, (list) => {
        const overlaps = findOverlaps(list);
        for (const moment of moments) assert.equal(count(overlaps, moment) > 0, count(list, moment) >= 2, `${moment}`);
      }),
      { numRuns: 500 },
    );
  });

  it('lose exactly the moments that are subtracted', () => {
    fc.assert(
      fc.property(spans, spans, (list, holes) => {
        const left = subtractSpans(list, holes);
        assert.deepEqual(mergeSpans(left), left);
        for (const moment of moments)
          assert.equal(count(left, moment), count(list, moment) > 0 && count(holes, moment) === 0 ? 1 : 0, `${moment}`);
      }),
      { numRuns: 500 },
    );
  });

  it('are together as long as the moments that they contain', () => {
    assert.equal(measureSpans([{ from: 1, until: 4 }, { from: 3, until: 6 }, { from: 9, until: 9 }]), 5); // prettier-ignore
  });

  it('have gaps between and after them, which contain exactly the moments that no span contains', () => {
    fc.assert(
      fc.property(spans, (list) => {
        const gaps = findGaps(list);
        const first = mergeSpans(list)[0]?.from ?? Number.POSITIVE_INFINITY;
        for (const moment of moments) {
          assert.equal(count(gaps, moment), moment >= first && count(list, moment) === 0 ? 1 : 0, `${moment}`);
        }
      }),
      { numRuns: 500 },
    );
  });
});
