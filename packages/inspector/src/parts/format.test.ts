import assert from 'node:assert/strict';
import { it } from 'node:test';
import { formatMilliseconds, formatRemaining, formatSize, nameDay } from './format.js';

const now = Date.parse('2026-11-26T00:00:00Z');

it('the remaining life of a certificate is given in the unit that people think in', () => {
  for (const [from, until, text] of [
    [null, null, 'no end'],
    [null, '2026-11-26T00:10:00Z', '10 min left'],
    [null, '2026-11-27T23:59:00Z', '47 h left'],
    [null, '2026-12-08T00:00:00Z', '12 days left'],
    [null, '2040-01-01T00:00:00Z', '13 years left'],
    [null, '2026-11-26T00:00:00Z', 'ended 1 min ago'],
    [null, '2026-11-20T00:00:00Z', 'ended 6 days ago'],
    ['2026-12-26T00:00:00Z', '2027-12-26T00:00:00Z', 'starts in 30 days'],
  ] as const) {
    assert.equal(formatRemaining(from, until, now), text);
  }
});

it('a day that is not today is shown as its date', () => {
  assert.equal(nameDay(now + 3_600_000, now), 'today');
  assert.equal(nameDay(Date.parse('2027-02-12T09:00:00Z'), now), '2027-02-12');
});

it('sizes and durations are shown in a short form', () => {
  assert.deepEqual([0, 999, 1_000, 10_485_760].map(formatSize), ['0 B', '999 B', '1.0 kB', '10.5 MB']);
  assert.deepEqual([null, 1.25, 9.99, 12.4].map(formatMilliseconds), ['', '1.3', '10.0', '12']);
});
