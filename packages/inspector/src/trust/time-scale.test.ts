import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import type { TrustView } from '../../../certgate/src/trust/views/page-views.js';
import { createTimeScale, listLabelled, listTicks, toPercent } from './time-scale.js';

const now = Date.UTC(2026, 10, 28);
const day = 86_400_000;
const at = (days: number): string => new Date(now + days * day).toISOString();
const windows = [
  { from: at(-300), until: at(20) },
  { from: at(-5), until: null },
  { from: null, until: at(400) },
].map((span) => ({ ...span, kind: 'pin', label: '', thumbprint: null, state: 'valid' }) as const);
const identities = [{ windows }] as unknown as TrustView['identities'];

it('the scale contains the windows of the identities and today', () => {
  const scale = createTimeScale({ identities }, now);
  for (const { from, until } of windows) {
    if (from !== null) assert.ok(toPercent(scale, Date.parse(from)) > 0, from);
    if (until !== null) assert.ok(toPercent(scale, Date.parse(until)) < 100, until);
  }
  assert.ok(toPercent(scale, now) > 5 && toPercent(scale, now) < 95);
});

it('there is a scale even if no identity has a window', () => {
  const scale = createTimeScale({ identities: [] }, now);
  assert.ok(scale.from < now && scale.until > now);
});

it('the scale has a few ticks, each on the first day of a month, whatever the span', () => {
  fc.assert(
    fc.property(fc.integer({ min: 150, max: 1_100 }), fc.integer({ min: 0, max: 4_000 }), (days, start) => {
      const from = now + start * day;
      const ticks = listTicks({ from, until: from + days * day });
      assert.ok(ticks.length >= 2 && ticks.length <= 11, `${ticks.length} for ${days} days`);
      for (const tick of ticks) {
        assert.ok(tick.at >= from);
        assert.equal(new Date(tick.at).toISOString(), `${tick.text}-01T00:00:00.000Z`);
      }
    }),
  );
});

it('labels keep their distance from today, from each other and from both ends', () => {
  fc.assert(
    fc.property(fc.integer({ min: 150, max: 1_100 }), fc.integer({ min: 45, max: 100 }), (days, before) => {
      const scale = { from: now - before * day, until: now + (days - before) * day };
      const places = [now, ...listLabelled(scale, now, 16, 7)].map((time) => toPercent(scale, time));
      const sorted = places.toSorted((one, other) => one - other);
      for (const [index, place] of sorted.slice(1).entries()) assert.ok(place - sorted[index]! >= 16, String(sorted));
      for (const place of places.slice(1)) assert.ok(place >= 7 && place <= 93, String(sorted));
      assert.ok(places.length >= 2, String(sorted));
    }),
  );
});
