import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { divideSpan, maximumRows } from './workspace-query.js';

const hour = 3_600_000;
const begin = Date.UTC(2026, 10, 1);

describe('the times of queries', () => {
  test('follow one another from the beginning to the end, and none has more rows than a query may give', () => {
    const counts = fc.array(fc.tuple(fc.nat(47), fc.nat(4 * maximumRows)), { maxLength: 20 });
    fc.assert(
      fc.property(counts, fc.nat(hour / 2), fc.nat(hour / 2), (listed, early, late) => {
        const span = { from: begin + early, until: begin + 48 * hour - late };
        const byHour = new Map(listed.map(([index, count]) => [begin + index * hour, count]));
        const spans = divideSpan(span, byHour);
        assert.equal(spans[0]?.from, span.from);
        assert.equal(spans.at(-1)?.until, span.until);
        for (const [index, { from, until }] of spans.entries()) {
          assert.ok(from < until && (index === 0 || spans[index - 1]?.until === from));
          // The lines of an hour are spread evenly over what is asked for of it.
          const rows = [...byHour].reduce((sum, [start, count]) => {
            const [first, end] = [Math.max(start, span.from), Math.min(start + hour, span.until)];
            const shared = Math.max(0, Math.min(until, end) - Math.max(from, first));
            return sum + (count * shared) / (end - first);
          }, 0);
          assert.ok(rows < maximumRows + 1 + rows * 0.01, `${rows} rows`);
        }
      }),
    );
  });
});
