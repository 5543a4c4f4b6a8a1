import { endHour, hourMilliseconds, type ProcessTrack } from './app-track.js';
import type { StatusChain } from './status-chains.js';
import type { TimeSpan } from './time-span.js';

/** When a process may have been called without a status line that tells of it. */
export interface UncoveredTime {
  readonly holes: readonly TimeSpan[];
  /** When a line was written that is missing. */
  readonly lost: readonly number[];
  /** How many chains end without a line that goes on from there. */
  readonly ends: number;
}

export interface UncoveredTimeOptions {
  /** The lines name the instance or the process. */
  readonly isNamed: boolean;
  readonly isLossy: boolean;
  /** When another process began in its place; undefined: none did. */
  readonly replacedAt: number | undefined;
}

/**
 * A process writes a status line with its first call of an hour. So no line reports the calls after its last line until the
 * hour of that line is over; later calls would have written another one. If lines are lost (`isLossy`), nothing is known
 * after a last line until the instance begins again.
 */
export function findUncoveredTime(
  track: ProcessTrack,
  chains: readonly StatusChain[],
  { isNamed, isLossy, replacedAt = Number.POSITIVE_INFINITY }: UncoveredTimeOptions,
): UncoveredTime {
  // One process at a time, as far as is seen: each line goes on from the one before it, or from one between them that is missing.
  const isAlone = isNamed && chains.every(({ from }, index) => index === 0 || (chains[index - 1]?.until ?? 0) < from);
  const holes: TimeSpan[] = [...track.incomplete];
  const lost: number[] = [];
  for (const { since, time } of track.pending.values()) {
    holes.push({ from: since, until: time });
    lost.push(time);
  }
  let ends = 0;
  for (const [index, { from, until, isBegun }] of chains.entries()) {
    if (!isBegun) {
      lost.push(from);
      // Of several processes, it may be any whose start is missing too.
      holes.push({ from: (isAlone ? chains[index - 1]?.until : undefined) ?? Number.NEGATIVE_INFINITY, until: from });
    }
    const next = isAlone ? chains[index + 1] : undefined;
    if (next?.isBegun === false) continue;
    ends += 1;
    const end = isLossy ? Number.POSITIVE_INFINITY : endHour(until);
    holes.push({ from: until, until: Math.min(end, next?.from ?? replacedAt) });
  }
  const told = chains.flatMap(({ spans }) => spans);
  for (const hour of track.hours) {
    const from = hour * hourMilliseconds;
    const before = told.filter((span) => span.from < from + hourMilliseconds);
    if (before.some(({ until }) => from < endHour(until))) continue;
    // Decisions were made, and the status line of their hour is missing: none tells of the time since the last one.
    const latest = Math.max(...before.map(({ until }) => until));
    holes.push({ from: Number.isFinite(latest) ? latest : from, until: from + hourMilliseconds });
    if (chains.length > 0) lost.push(from);
  }
  if (chains.length === 0 && track.hours.size > 0) {
    // Its status lines are missing: by when they began, nothing tells.
    const end = (greatest([...track.hours]) + 1) * hourMilliseconds;
    lost.push(end - hourMilliseconds);
    holes.push({ from: Number.NEGATIVE_INFINITY, until: isLossy ? Number.POSITIVE_INFINITY : end });
  }
  return { holes, lost, ends };
}

function greatest(numbers: readonly number[]): number {
  return numbers.reduce((one, other) => Math.max(one, other), Number.NEGATIVE_INFINITY);
}
