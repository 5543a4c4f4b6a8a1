import type { StatusLogLine } from '@certgate/core/internal';
import type { LogRecord } from '../reading/log-record.js';
import { StatusChains } from './status-chains.js';
import type { TimeSpan } from './time-span.js';

export const hourMilliseconds = 3_600_000;

/** The end of the hour that contains the instant. Both are in milliseconds since 1970-01-01T00:00:00Z. */
export function endHour(instant: number): number {
  return (Math.floor(instant / hourMilliseconds) + 1) * hourMilliseconds;
}

/**
 * What one process wrote. Lines without a process are treated as those of one process for each instance, and lines that
 * name no instance either as those of one process for the app.
 */
export class ProcessTrack {
  readonly chains: StatusChains = new StatusChains();
  /** The hours in which the process logged a decision, as numbers of hours since 1970-01-01T00:00:00Z. */
  readonly hours: Set<number> = new Set();
  /**
   * Status lines of which some parts have not been read yet. The key consists of the line's times and its number of
   * parts.
   */
  readonly pending: Map<string, PendingLine> = new Map();
  /** The times of status lines that leave out callers, or that sampling kept while it removed others. */
  readonly incomplete: TimeSpan[] = [];
  /** The times of the first and the last line, in milliseconds since 1970-01-01T00:00:00Z. */
  first: number = Number.POSITIVE_INFINITY;
  last: number = Number.NEGATIVE_INFINITY;
  #lastHour = -1;

  noteTime(time: number): void {
    if (time < this.first) this.first = time;
    if (time > this.last) this.last = time;
  }

  noteDecision(time: number): void {
    const hour = Math.floor(time / hourMilliseconds);
    if (hour === this.#lastHour) return;
    this.#lastHour = hour;
    this.hours.add(hour);
  }
}

interface PendingLine {
  readonly since: number;
  readonly time: number;
  readonly isStart: boolean;
  /**
   * How often each part was read. If two processes wrote such a line in the same millisecond, each part comes twice.
   */
  readonly parts: number[];
}

/** What all lines of one app show. Times are in milliseconds since 1970-01-01T00:00:00Z. */
export class AppTrack {
  readonly app: string;
  /** What each process wrote, by instance and then by process id. A key is undefined if the lines don't name it. */
  readonly instances: Map<string | undefined, Map<string | undefined, ProcessTrack>> = new Map();
  /** The hours in which the app wrote any line, as numbers of hours since 1970-01-01T00:00:00Z. */
  readonly hours: Set<number> = new Set();
  readonly sampledHours: Set<number> = new Set();
  first: number = Number.POSITIVE_INFINITY;
  last: number = Number.NEGATIVE_INFINITY;
  sampledLines = 0;
  isSamplingKnown = true;
  startLines = 0;
  hourLines = 0;
  hasAdmission = false;
  hasCaller = false;
  leftOutLines = 0;
  leftOutCalls = 0;
  putBack = 0;
  suppressed = 0;
  readonly ownStores: Set<string> = new Set();
  #lastHour = -1;

  constructor(app: string) {
    this.app = app;
  }

  /** `track` is that of the process. It is undefined if there are too many processes to remember. */
  note({ line, time, itemCount }: LogRecord, track: ProcessTrack | undefined): void {
    this.#noteTime(time, itemCount);
    track?.noteTime(time);
    if (line.event === 'decision') {
      if (line.outcome === 'allowed') this.hasAdmission = true;
      if (line.suppressed !== undefined && line.outcome === 'denied') this.suppressed += line.suppressed;
      if (line.matchedBy !== undefined) this.#noteStore(line.matchedBy);
      track?.noteDecision(time);
    } else if (line.event === 'status') {
      this.#noteStatus(line, time, track);
      // If sampling kept this line, it may have removed those of other instances. So the time that the line reports is
      // not treated as covered.
      if (itemCount !== undefined && itemCount > 1)
        track?.incomplete.push({ from: Date.parse(line.since), until: time });
    } else if (line.event === 'suppressed') this.suppressed += line.total;
  }

  #noteTime(time: number, itemCount: number | undefined): void {
    this.first = Math.min(this.first, time);
    this.last = Math.max(this.last, time);
    const hour = Math.floor(time / hourMilliseconds);
    if (hour !== this.#lastHour) {
      this.#lastHour = hour;
      this.hours.add(hour);
    }
    if (itemCount === undefined) this.isSamplingKnown = false;
    else if (itemCount > 1) {
      this.sampledLines += 1;
      this.sampledHours.add(hour);
    }
  }

  #noteStatus(line: StatusLogLine, time: number, track: ProcessTrack | undefined): void {
    const { moment, part = 1, parts = 1, callers, moreCallers } = line;
    const since = Date.parse(line.since);
    if (part === 1) {
      if (moment === 'start') this.startLines += 1;
      else this.hourLines += 1;
      if (time < since) this.putBack += 1;
    }
    if (callers.length > 0) this.hasCaller = true;
    for (const { matchedBy } of callers) this.#noteStore(matchedBy);
    if (moreCallers !== undefined) {
      this.leftOutLines += 1;
      this.leftOutCalls += moreCallers.calls;
      track?.incomplete.push({ from: since, until: time });
    }
    if (track === undefined) return;
    if (parts === 1) track.chains.add(since, time, moment === 'start');
    else notePart(track, { since, time, isStart: moment === 'start' }, part, parts);
  }

  #noteStore(matchedBy: string): void {
    if (this.ownStores.size < maximumStores && !documentKinds.test(matchedBy)) this.ownStores.add(matchedBy);
  }
}

/**
 * The values of `matchedBy` that mean the trust document: a pin, with or without an authority, or a name with its
 * authority. Any other value is that of a trust store of the app's own.
 */
const documentKinds =
  /^(?:(?:thumbprintSha256|thumbprintSha1|publicKeySha256)(?: issued by .+)?|(?:dns|uri|email|commonName|organizationalUnit) issued by .+)$/s;
const maximumStores = 10;

function notePart(
  track: ProcessTrack,
  line: { readonly since: number; readonly time: number; readonly isStart: boolean },
  part: number,
  parts: number,
): void {
  if (!(part >= 1 && part <= parts && parts <= maximumParts)) return;
  const key = `${line.since} ${line.time} ${parts}`;
  const pending = track.pending.get(key) ?? { ...line, parts: Array<number>(parts).fill(0) };
  pending.parts[part - 1] = (pending.parts[part - 1] ?? 0) + 1;
  track.pending.set(key, pending);
  const [least = 0] = pending.parts;
  if (least === 0 || pending.parts.some((times) => times !== least)) return;
  track.pending.delete(key);
  track.chains.add(line.since, line.time, line.isStart);
}

/**
 * Status lines with more parts cover no time. A gate reports at most 2,000 callers, usually many of them in one part.
 */
const maximumParts = 2_000;
