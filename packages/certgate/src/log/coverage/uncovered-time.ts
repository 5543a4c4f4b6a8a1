import { endHour, hourMilliseconds, type ProcessTrack } from './app-track.js';
import type { StatusChain } from './status-chains.js';
import type { TimeSpan } from './time-span.js';

/** The time in which a process may have been called although no status line reports it. */
export interface UncoveredTime {
  readonly holes: readonly TimeSpan[];
  /**
   * The times at which missing lines were written, as far as the other lines show, in milliseconds since
   * 1970-01-01T00:00:00Z.
   */
  readonly lost: readonly number[];
  /** The number of chains whose gate wrote no further status line, as far as the lines show. */
  readonly ends: number;
}

export interface UncoveredTimeOptions {
  /** Whether the lines name the instance or the process. */
  readonly isNamed: boolean;
  readonly isLossy: boolean;
  /**
   * When another process began in place of this one, in milliseconds since 1970-01-01T00:00:00Z. Undefined if the lines
   * show none.
   */
  readonly replacedAt: number | undefined;
}

/**
 * The gaps in what the status lines of a process report. A process writes a status line with its first call of an hour.
 * So no line reports the calls after its last line until the hour of that line is over; later calls would have written
 * another one. If lines are lost (`isLossy`), the time after a last line is unknown until the instance begins again.
 */
export function findUncoveredTime(
  track: ProcessTrack,
  chains: readonly StatusChain[],
  { isNamed, isLossy, replacedAt = Number.POSITIVE_INFINITY }: UncoveredTimeOptions,
): UncoveredTime {
  // Whether only one process at a time wrote these lines, as far as they show. Then each chain follows the one before
  // it, after a restart or after a line that is missing.
  const isAlone = isNamed && chains.every(({ from }, index) => index === 0 || (chains[index - 1]?.until ?? 0) < from);
  const holes: TimeSpan[] = [...track.incomplete];
  const lost: number[] = [];
  for (const { since, time } of track.pending.values()) {
    holes.push({ from: since, until: time });
    lost.push(time);
  }
  let ends = 0;
  for (const [index, { from, until, isBegun, reported }] of chains.entries()) {
    if (!isBegun) {
      lost.push(from);
      // If several processes wrote the lines, or if no line came before, the chain may be that of a process of which no
      // earlier line was read. Then it is not known when the gap begins. If the chain's clock was put back, the missing
      // line may have been written by the clock that was ahead.
      const gap = (isAlone ? chains[index - 1]?.until : undefined) ?? Number.NEGATIVE_INFINITY;
      holes.push({ from: Math.min(gap, reported.from), until: from });
    }
    const next = isAlone ? chains[index + 1] : undefined;
    if (next?.isBegun === false) continue;
    ends += 1;
    const end = isLossy ? Number.POSITIVE_INFINITY : endHour(until);
    holes.push({ from: until, until: Math.min(end, next?.from ?? replacedAt) });
  }
  const spans = chains.map(({ reported }) => reported);
  for (const hour of track.hours) {
    const from = hour * hourMilliseconds;
    const before = spans.filter((span) => span.from < from + hourMilliseconds);
    if (before.some(({ until }) => from < endHour(until))) continue;
    // The process logged decisions in this hour, but the status line of the hour is missing. No line reports the time
    // since the latest status line.
    const latest = Math.max(...before.map(({ until }) => until));
    holes.push({ from: Number.isFinite(latest) ? latest : from, until: from + hourMilliseconds });
    if (chains.length > 0) lost.push(from);
  }
  if (chains.length === 0 && track.hours.size > 0) {
    // All status lines of the process are missing or incomplete, so it is not known when it began.
    const end = (greatest([...track.hours]) + 1) * hourMilliseconds;
    lost.push(end - hourMilliseconds);
    holes.push({ from: Number.NEGATIVE_INFINITY, until: isLossy ? Number.POSITIVE_INFINITY : end });
  }
  return { holes, lost, ends };
}

function greatest(numbers: readonly number[]): number {
  return numbers.reduce((one, other) => Math.max(one, other), Number.NEGATIVE_INFINITY);
}
