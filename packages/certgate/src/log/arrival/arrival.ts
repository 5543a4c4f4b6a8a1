// arrival/: whether each process whose lines are read has adopted a document
import { formatTime } from '../../faults/time-words.js';
import { type GateLine, type LogRecord, mayHaveLostLines, type SourceReading } from '../reading/log-record.js';

/**
 * What the latest line of a process about documents shows. `another_document`: it was written after the document was first
 * seen. `silent`: no line for long, and none that shows the document adopted. The last three: it cannot be told.
 */
const findings = ['another_document', 'no_process_id', 'no_document', 'no_line_since', 'silent', 'adopted'] as const;

/** What the lines of one process show, or all lines of an instance that have no process id. Times are RFC 3339. */
export interface ProcessArrival {
  readonly app: string;
  readonly instance: string | null;
  readonly process: string | null;
  readonly finding: (typeof findings)[number];
  /** Its first line with the document. */
  readonly adoptedAt: string | null;
  /** Its latest documents: 64 digits by a status line, 16 by a decision. */
  readonly documents: readonly string[];
  readonly documentsAt: string | null;
  readonly lastLineAt: string;
}

/** Whether a document has arrived, by the lines that were read. Times are RFC 3339. */
export interface Arrival {
  readonly version: 1;
  readonly sha256: string;
  readonly verdict: 'arrived' | 'another_document' | 'cannot_tell';
  /** The first line of any process with the document. */
  readonly firstSeenAt: string | null;
  readonly newestLineAt: string | null;
  readonly silentAfterSeconds: number;
  /** Why the lines may not be enough, whatever each process says. */
  readonly doubts: readonly ('no_lines' | 'fewer_processes' | 'lines_not_used' | 'lines_of_the_future')[];
  /** Those that did not adopt it first. */
  readonly processes: readonly ProcessArrival[];
}

interface Seen {
  readonly origin: Pick<ProcessArrival, 'app' | 'instance' | 'process'>;
  last: number;
  /** The first and the latest line with the document, and the latest one with others only. */
  adoptedAt: number | undefined;
  hadAt: number;
  otherAt: number;
  documents: readonly string[];
}

/** Clocks of servers differ by less. */
const clockTolerance = 300_000;

/** Takes the lines in any order. */
export class ArrivalTracker {
  readonly #sha256: string;
  readonly #seen = new Map<string, Seen>();

  /** `sha256`: at least its first 16 digits, in upper case. */
  constructor(sha256: string) {
    this.#sha256 = sha256;
  }

  note({ line, time, app, instance: named }: LogRecord): void {
    const [instance, process] = [named ?? null, line.process ?? null];
    const key = JSON.stringify([app, instance, process]);
    const never = { adoptedAt: undefined, hadAt: Number.NEGATIVE_INFINITY, otherAt: Number.NEGATIVE_INFINITY };
    const seen = this.#seen.get(key) ?? { origin: { app, instance, process }, last: time, documents: [], ...never };
    this.#seen.set(key, seen);
    seen.last = Math.max(seen.last, time);
    const documents = listDocuments(line);
    if (documents.length === 0) return;
    if (time >= Math.max(seen.hadAt, seen.otherAt)) seen.documents = documents;
    if (documents.some((each) => each.startsWith(this.#sha256) || this.#sha256.startsWith(each))) {
      seen.adoptedAt = Math.min(seen.adoptedAt ?? time, time);
      seen.hadAt = Math.max(seen.hadAt, time);
    } else seen.otherAt = Math.max(seen.otherAt, time);
  }

  /** `atLeast`: how many processes must have adopted it. Times are milliseconds. */
  finish(
    readings: readonly SourceReading[],
    { atLeast, silentAfter, now }: { readonly atLeast: number; readonly silentAfter: number; readonly now: number },
  ): Arrival {
    const all = [...this.#seen.values()];
    const newest = all.reduce((latest, { last }) => Math.max(latest, last), Number.NEGATIVE_INFINITY);
    const since = all.reduce((first, { adoptedAt = first }) => Math.min(first, adoptedAt), Number.POSITIVE_INFINITY);
    const silentSince = Math.min(newest, now) - silentAfter;
    const processes = all.map((seen) => describe(seen, since, silentSince)).sort(compareRows);
    const has = (...wanted: readonly ProcessArrival['finding'][]): number =>
      processes.filter(({ finding }) => wanted.includes(finding)).length;
    const doubts = Object.entries({
      no_lines: all.length === 0,
      fewer_processes: has('adopted') < Math.max(atLeast, 1),
      lines_not_used: readings.some((each) => mayHaveLostLines(each) || each.gaps.length > 0),
      lines_of_the_future: newest > now + clockTolerance,
    }).flatMap(([doubt, isThere]) => (isThere ? [doubt as Arrival['doubts'][number]] : []));
    const isOpen = doubts.length + has('no_process_id', 'no_document', 'no_line_since') > 0;
    return {
      version: 1,
      sha256: this.#sha256,
      verdict: has('another_document') > 0 ? 'another_document' : isOpen ? 'cannot_tell' : 'arrived',
      firstSeenAt: formatTime(Number.isFinite(since) ? since : undefined),
      newestLineAt: formatTime(Number.isFinite(newest) ? newest : undefined),
      silentAfterSeconds: silentAfter / 1000,
      doubts,
      processes,
    };
  }
}

/** A trust store of the app's own may name its documents by other words than a SHA-256. */
function listDocuments(line: GateLine): readonly string[] {
  const status = line.event === 'status' ? (line.trust ?? []).map(({ sha256 = '' }) => sha256) : [];
  const decision = line.event === 'decision' ? (line.trustSha256?.split(',') ?? []) : [];
  return [...status, ...decision].flatMap((each) => (/^[\dA-F]{16,64}$/i.test(each) ? [each.toUpperCase()] : []));
}

function describe({ origin, last, ...seen }: Seen, since: number, silentSince: number): ProcessArrival {
  const { adoptedAt, hadAt, otherAt, documents } = seen;
  const documentsAt = Math.max(hadAt, otherAt);
  const row = {
    ...{ ...origin, adoptedAt: formatTime(adoptedAt), documents, lastLineAt: formatTime(last) ?? '' },
    documentsAt: formatTime(Number.isFinite(documentsAt) ? documentsAt : undefined),
  };
  if (hadAt > otherAt && origin.process !== null) return { ...row, finding: 'adopted' };
  if (last <= silentSince) return { ...row, finding: 'silent' };
  const isLater = since === Number.POSITIVE_INFINITY || otherAt >= since;
  if (isLater && otherAt >= hadAt && Number.isFinite(otherAt)) return { ...row, finding: 'another_document' };
  if (origin.process === null) return { ...row, finding: 'no_process_id' };
  return { ...row, finding: documents.length === 0 ? 'no_document' : 'no_line_since' };
}

function compareRows(one: ProcessArrival, other: ProcessArrival): number {
  const place = (row: ProcessArrival): string => JSON.stringify([row.app, row.instance, row.process]);
  return findings.indexOf(one.finding) - findings.indexOf(other.finding) || (place(one) < place(other) ? -1 : 1);
}
