import { formatInstant } from '@certgate/core/internal';

/**
 * A time `[from, until)` in milliseconds since 1970-01-01T00:00:00Z. `from` or `until` is infinite if there is no
 * beginning or no end.
 */
export interface TimeSpan {
  readonly from: number;
  readonly until: number;
}

/** A span as reports write it, in the form of RFC 3339. */
export interface ReportedSpan {
  readonly from: string;
  readonly until: string;
}

export function reportSpan({ from, until }: TimeSpan): ReportedSpan {
  return { from: formatInstant(from), until: formatInstant(until) };
}

export function readSpan({ from, until }: ReportedSpan): TimeSpan {
  return { from: Date.parse(from), until: Date.parse(until) };
}

/** The same moments as spans that neither overlap nor touch, in order. */
export function mergeSpans(spans: readonly TimeSpan[]): readonly TimeSpan[] {
  return findCovered(spans, 1);
}

/** The moments that at least two spans contain. */
export function findOverlaps(spans: readonly TimeSpan[]): readonly TimeSpan[] {
  return findCovered(spans, 2);
}

/** The time between the spans and after the last one. Empty if there is no span. */
export function findGaps(spans: readonly TimeSpan[]): readonly TimeSpan[] {
  const merged = mergeSpans(spans);
  return merged.flatMap(({ until }, index) =>
    until === Number.POSITIVE_INFINITY
      ? []
      : [{ from: until, until: merged[index + 1]?.from ?? Number.POSITIVE_INFINITY }],
  );
}

/** The moments of the spans that no hole contains. */
export function subtractSpans(spans: readonly TimeSpan[], holes: readonly TimeSpan[]): readonly TimeSpan[] {
  const kept: TimeSpan[] = [];
  const taken = mergeSpans(holes);
  let next = 0;
  for (const span of mergeSpans(spans)) {
    let { from } = span;
    while ((taken[next]?.until ?? Number.POSITIVE_INFINITY) <= from) next += 1;
    for (let index = next; ; index += 1) {
      const hole = taken[index];
      if (hole === undefined || hole.from >= span.until) break;
      if (from < hole.from) kept.push({ from, until: hole.from });
      from = hole.until;
    }
    if (from < span.until) kept.push({ from, until: span.until });
  }
  return kept;
}

/** The length of all spans together, in milliseconds. What two of them have in common is measured once. */
export function measureSpans(spans: readonly TimeSpan[]): number {
  return mergeSpans(spans).reduce((sum, { from, until }) => sum + (until - from), 0);
}

/** The time in which at least `depth` spans overlap, as spans in order. */
function findCovered(spans: readonly TimeSpan[], depth: number): readonly TimeSpan[] {
  const bounds = spans
    .filter(({ from, until }) => from < until)
    .flatMap(({ from, until }) => [
      { at: from, step: 1 },
      { at: until, step: -1 },
    ])
    // At the same moment, a beginning comes before an end, so that spans that touch become one. The times are compared
    // because the difference of two infinities is not a number.
    .sort((one, other) => (one.at === other.at ? other.step - one.step : one.at < other.at ? -1 : 1));
  const covered: TimeSpan[] = [];
  let count = 0;
  let from = Number.NEGATIVE_INFINITY;
  for (const { at, step } of bounds) {
    count += step;
    if (step === 1 && count === depth) from = at;
    if (step === -1 && count === depth - 1 && from < at) covered.push({ from, until: at });
  }
  return covered;
}
