import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { sampleTrust } from '../fixture-server/sample-trust.js';
import { createTimeScale, listTicks, toPercent } from './time-scale.js';

const now = Date.parse(sampleTrust.at);
const day = 86_400_000;

it('shows the windows of the identities, and today among them', () => {
  const scale = createTimeScale(sampleTrust, now);
  for (const { windows } of sampleTrust.identities) {
    for (const { from, until } of windows) {
      if (from !== null) assert.ok(toPercent(scale, Date.parse(from)) > 0, from);
      if (until !== null) assert.ok(toPercent(scale, Date.parse(until)) < 100, until);
    }
  }
  assert.ok(toPercent(scale, now) > 5 && toPercent(scale, now) < 95);
});

it('without a window there is a scale too', () => {
  const scale = createTimeScale({ identities: [] }, now);
  assert.ok(scale.from < now && scale.until > now);
});

it('has a few ticks, each the first day of a month, whatever the span', () => {
  fc.assert(
    fc.property(fc.integer({ min: 150, max: 1_100 }), fc.integer({ min: 0, max: 4_000 }), (days, start) => {
      const from = now + start * day;
      const ticks = listTicks({ from, until: from + days * day });
      assert.ok(ticks.length >= 2 && ticks.length <= 11, `${ticks.length} for ${days} days`);
      for (const { at, text } of ticks) {
        assert.ok(at >= from);
        assert.equal(new Date(at).toISOString(), `${text}-01T00:00:00.000Z`);
      }
    }),
  );
});
