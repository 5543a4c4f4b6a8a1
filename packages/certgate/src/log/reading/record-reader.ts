import { formatOptionalTime } from '../../texts/time-words.js';
import type { FileSink } from './export-rows.js';
import type { LineSink } from './gate-lines.js';
import { findLineInstant } from './instants.js';
import { checkLine } from './line-shapes.js';
import type { GateLine, LineOrigin, LogRecord, LogWindow, SourceReading } from './log-record.js';
import { OneOutcome } from './one-outcome.js';
import { SeenLines } from './seen-lines.js';

type Counts = { -readonly [Key in Exclude<keyof SourceReading, 'first' | 'last'>]: SourceReading[Key] } & {
  /** The earliest time of a record, in milliseconds since 1970-01-01T00:00:00Z. Undefined before the first record. */
  first: number | undefined;
  last: number | undefined;
};

/** Takes the lines of one file, and counts what becomes of them. */
export interface SourceReader extends FileSink {
  /**
   * Returns the counts. Call it after `RecordReader.end`, because a line of a later file may still replace one of this
   * file.
   */
  readonly finish: () => SourceReading;
}

interface Counted {
  readonly record: LogRecord;
  readonly counts: Counts;
}

/**
 * Makes records from lines. It leaves out lines of another version, event or shape or outside the requested time,
 * repetitions, and lines whose request has its outcome elsewhere.
 */
export class RecordReader {
  readonly #window: LogWindow;
  readonly #seen: SeenLines;
  readonly #outcomes: OneOutcome<Counted>;

  constructor(use: (record: LogRecord) => void, window: LogWindow, seen: SeenLines = new SeenLines()) {
    this.#window = window;
    this.#seen = seen;
    this.#outcomes = new OneOutcome({
      use: ({ record }) => {
        use(record);
      },
      leaveOut: ({ counts }) => {
        counts.records -= 1;
        counts.replaced += 1;
      },
      noteUnfound: ({ counts }) => {
        counts.admissionUnfound += 1;
      },
    });
  }

  /** Call it after the last source. The counts of all sources are final then. */
  end(): void {
    this.#outcomes.end();
  }

  begin(name: string): SourceReader {
    const counts: Counts = {
      name,
      lines: 0,
      records: 0,
      others: 0,
      unreadable: 0,
      unfinished: 0,
      tooLong: 0,
      otherVersions: 0,
      otherEvents: 0,
      malformed: 0,
      repeated: 0,
      replaced: 0,
      admissionUnfound: 0,
      outside: 0,
      uncompared: 0,
      outOfOrder: 0,
      withUnknownKeys: 0,
      unknownKeys: [],
      gaps: [],
      first: undefined,
      last: undefined,
    };
    const pass = (key: 'others' | 'unreadable' | 'unfinished' | 'tooLong') => () => {
      counts.lines += 1;
      counts[key] += 1;
    };
    const passUnreadable = pass('unreadable');
    let passCut = passUnreadable;
    return {
      from: (origin) => this.#takeFrom(origin, counts, passCut),
      passOther: pass('others'),
      passUnreadable,
      passTooLong: pass('tooLong'),
      beginUnended: () => {
        passCut = pass('unfinished');
      },
      noteGap: (gap) => {
        counts.gaps = [...counts.gaps, gap];
      },
      finish: () => ({ ...counts, first: formatOptionalTime(counts.first), last: formatOptionalTime(counts.last) }),
    };
  }

  #takeFrom(origin: LineOrigin, counts: Counts, passUnreadable: () => void): LineSink {
    return {
      takeLine: (value, text) => {
        counts.lines += 1;
        this.#take(value, text, origin, counts);
      },
      passUnreadable,
    };
  }

  #take(value: Readonly<Record<string, unknown>>, text: string, origin: LineOrigin, counts: Counts): void {
    const unknownKeys: string[] = [];
    const line = checkLine(value, (key) => unknownKeys.push(key));
    if (typeof line === 'string') {
      counts[faultCounts[line]] += 1;
      return;
    }
    const time = findLineInstant(line.time) ?? Number.NaN;
    const { from = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY } = this.#window;
    if (time < from || time > until) {
      counts.outside += 1;
      return;
    }
    if (!this.#isFirst(line, text, origin)) {
      counts.repeated += 1;
      return;
    }
    // The request was already refused, and that refusal was logged or counted.
    if (line.event === 'decision' && line.after === 'denied') {
      counts.replaced += 1;
      return;
    }
    if (this.#seen.isFull) counts.uncompared += 1;
    if (unknownKeys.length > 0) noteUnknownKeys(unknownKeys, counts);
    noteTime(time, counts);
    counts.records += 1;
    this.#outcomes.take(line.event === 'decision' ? line : {}, { record: { line, time, ...origin }, counts });
  }

  /**
   * Whether the line did not come before. If a line names its process, or is a decision with a correlation id, its text
   * is enough to recognize it, in whichever file it is. Other lines of several instances or apps may have the same text
   * if they were written in the same millisecond, so the app and the instance are compared too. If only one of two
   * exports names the instance of such a line, both are treated as the same line.
   */
  #isFirst(line: GateLine, text: string, { app, instance }: LineOrigin): boolean {
    const seen = this.#seen;
    if (line.process !== undefined || (line.event === 'decision' && line.correlationId !== '')) return seen.add(text);
    const ofApp = JSON.stringify([app, text]);
    const ofInstance = (name: string | undefined): string => JSON.stringify([app, name ?? null, text]);
    if (instance === undefined) {
      const isNew = seen.add(ofApp);
      if (isNew) seen.add(ofInstance(undefined));
      return isNew;
    }
    if (seen.has(ofInstance(undefined))) return false;
    seen.add(ofApp);
    return seen.add(ofInstance(instance));
  }
}

const faultCounts = { otherVersion: 'otherVersions', otherEvent: 'otherEvents', malformed: 'malformed' } as const;

const maximumUnknownKeys = 10;

function noteUnknownKeys(keys: readonly string[], counts: Counts): void {
  counts.withUnknownKeys += 1;
  if (counts.unknownKeys.length >= maximumUnknownKeys) return;
  counts.unknownKeys = [...new Set([...counts.unknownKeys, ...keys])].slice(0, maximumUnknownKeys);
}

function noteTime(time: number, counts: Counts): void {
  if (counts.last !== undefined && time < counts.last) counts.outOfOrder += 1;
  if (counts.first === undefined || time < counts.first) counts.first = time;
  if (counts.last === undefined || time > counts.last) counts.last = time;
}
