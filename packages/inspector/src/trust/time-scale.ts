// trust/: who is admitted, until when and by what: the time line, the authorities, the coverage of the functions.

import type { TrustView } from '../../../certgate/src/trust/views/page-views.js';

const day = 86_400_000;

/** The span of time that the bars show, in milliseconds since 1970-01-01T00:00:00Z. */
export interface TimeScale {
  readonly from: number;
  readonly until: number;
}

export interface Tick {
  readonly at: number;
  readonly text: string;
}

/**
 * A scale that fits the identities' windows, but begins 45 days to a year ago and ends 120 days to two years ahead. The
 * windows of authorities don't matter: one of twenty years would leave no room for what ends this month.
 */
export function createTimeScale({ identities }: Pick<TrustView, 'identities'>, now: number): TimeScale {
  const windows = identities.flatMap((identity) => identity.windows);
  const starts = windows.flatMap(({ from }) => (from === null ? [] : [Date.parse(from)]));
  const ends = windows.flatMap(({ until }) => (until === null ? [] : [Date.parse(until)]));
  return {
    from: clamp(Math.min(...starts) - 7 * day, now - 365 * day, now - 45 * day),
    until: clamp(Math.max(...ends) + 21 * day, now + 120 * day, now + 730 * day),
  };
}

/** The place of a time in percent of the width. Times outside the scale are placed at its edge. */
export function toPercent({ from, until }: TimeScale, at: number): number {
  return clamp(((at - from) / (until - from)) * 100, 0, 100);
}

/** First days of months, about `most` of them. */
export function listTicks({ from, until }: TimeScale, most = 9): readonly Tick[] {
  const start = new Date(from);
  const months = (until - from) / (30.4 * day);
  const step = [1, 2, 3, 6, 12].find((each) => months / each <= most) ?? 12;
  const ticks: Tick[] = [];
  const first = Math.ceil((start.getUTCFullYear() * 12 + start.getUTCMonth() + 1) / step) * step;
  for (let month = first; ; month += step) {
    const at = Date.UTC(Math.floor(month / 12), month % 12, 1);
    if (at >= until) return ticks;
    ticks.push({ at, text: new Date(at).toISOString().slice(0, 7) });
  }
}

/**
 * The times of the ticks that get a label. The labels are at least `gap` percent of the width apart from each other and
 * from today's label, and `edge` percent from both ends.
 */
export function listLabelled(scale: TimeScale, now: number, gap: number, edge: number): readonly number[] {
  const kept = [now];
  for (const { at } of listTicks(scale)) {
    const place = toPercent(scale, at);
    const isInside = place >= edge && place <= 100 - edge;
    if (isInside && kept.every((each) => Math.abs(toPercent(scale, each) - place) >= gap)) kept.push(at);
  }
  return kept.slice(1);
}

/** Limits a value to a range. NaN and Infinity, which come from an empty list, become the lower bound. */
function clamp(value: number, least: number, most: number): number {
  if (!Number.isFinite(value)) return least;
  return Math.min(Math.max(value, least), most);
}
