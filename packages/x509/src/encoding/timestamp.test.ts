import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { findInstant, isEndingSoon } from './timestamp.js';
import { countRuns } from '../test-support/random-runs.js';

describe('findInstant', () => {
  for (const [text, instant] of [
    ['2027-03-01T00:00:00Z', Date.UTC(2027, 2, 1)],
    ['2028-02-29T23:59:59Z', Date.UTC(2028, 1, 29, 23, 59, 59)],
    ['2000-02-29T00:00:00Z', Date.UTC(2000, 1, 29)],
    ['2027-03-01T00:00:00.5Z', Date.UTC(2027, 2, 1, 0, 0, 0, 500)],
    ['2027-03-01T00:00:00.25Z', Date.UTC(2027, 2, 1, 0, 0, 0, 250)],
    ['2027-03-01T00:00:00.123Z', Date.UTC(2027, 2, 1, 0, 0, 0, 123)],
    ['1970-01-01T00:00:00Z', 0],
    ['9999-12-31T23:59:59Z', 253_402_300_799_000],
  ] as const) {
    test(`reads ${text}`, () => {
      assert.equal(findInstant(text), instant);
    });
  }

  for (const text of [
    '2027-02-29T00:00:00Z',
    '2100-02-29T00:00:00Z',
    '2027-02-30T00:00:00Z',
    '2027-04-31T00:00:00Z',
    '2027-13-01T00:00:00Z',
    '2027-00-01T00:00:00Z',
    '2027-01-00T00:00:00Z',
    '2027-03-01T24:00:00Z',
    '2027-03-01T00:60:00Z',
    '2016-12-31T23:59:60Z',
    '2027-03-01T00:00:00+00:00',
    '2027-03-01T00:00:00-05:00',
    '2027-03-01T00:00:00',
    '2027-03-01T00:00Z',
    '2027-03-01',
    '2027-3-1T00:00:00Z',
    '2027-03-01 00:00:00Z',
    '2027-03-01t00:00:00z',
    '+002027-03-01T00:00:00Z',
    '-002027-03-01T00:00:00Z',
    '20270301T000000Z',
    ' 2027-03-01T00:00:00Z',
    '2027-03-01T00:00:00Z\n',
    '2027-03-01T00:00:00.Z',
    '2027-03-01T00:00:00.1234Z',
    '２027-03-01T00:00:00Z',
    '1709251200000',
    'Mon, 01 Mar 2027 00:00:00 GMT',
    '',
  ]) {
    test(`refuses ${JSON.stringify(text)}`, () => {
      assert.equal(findInstant(text), undefined);
    });
  }

  test('reads every moment that Date prints', () => {
    const moment = fc.integer({ min: Date.UTC(1970, 0, 1), max: Date.UTC(9999, 11, 31) });
    fc.assert(
      fc.property(moment, (instant) => {
        assert.equal(findInstant(new Date(instant).toISOString()), instant);
      }),
    );
  });

  test('reads no text as another moment than the one it names', () => {
    const part = (max: number): fc.Arbitrary<string> => fc.nat({ max }).map((value) => String(value).padStart(2, '0'));
    fc.assert(
      fc.property(part(15), part(35), part(26), part(63), part(63), (month, day, hour, minute, second) => {
        const text = `2028-${month}-${day}T${hour}:${minute}:${second}Z`;
        const instant = findInstant(text);
        if (instant !== undefined) assert.equal(new Date(instant).toISOString(), text.replace('Z', '.000Z'));
      }),
      { numRuns: countRuns(200) },
    );
  });
});

describe('isEndingSoon', () => {
  const day = 86_400_000;
  test('is true from the last third of the lifetime on, and at the earliest 30 days before the end', () => {
    for (const [days, lead] of [
      [1, 1 / 3],
      [30, 10],
      [90, 30],
      [3650, 30],
      [Number.POSITIVE_INFINITY, 30],
    ] as const) {
      const end = 5000 * day;
      assert.equal(isEndingSoon(end - days * day, end, end - lead * day), true);
      assert.equal(isEndingSoon(end - days * day, end, end - lead * day - 1), false);
      assert.equal(isEndingSoon(end - days * day, end, end + day), true);
    }
  });
  test('is false without an end, and for times that are not numbers', () => {
    assert.equal(isEndingSoon(0, Number.POSITIVE_INFINITY, 0), false);
    for (const [start, end, now] of [
      [Number.NaN, 1, 0],
      [0, Number.NaN, 0],
      [0, 1, Number.NaN],
    ] as const)
      assert.equal(isEndingSoon(start, end, now), false);
  });
});
