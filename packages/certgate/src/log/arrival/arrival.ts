// arrival/: whether each process whose lines are read has adopted a document
import { formatOptionalTime } from '../../texts/time-words.js';
import { type GateLine, type LogRecord, mayHaveLostLines, type SourceReading } from '../reading/log-record.js';

/**
 * What the lines of a process show about the document. `silent`: the process has logged nothing for long, and is not
 * `adopted`. `another_document`: it is not `silent`, and its latest line about documents shows other ones, and was not
 * written before the first line of any process with the document. The four findings between these two mean that the
 * lines don't decide it.
 */
// prettier-ignore
const findings = ['another_document', 'no_process_id', 'several_gates', 'no_document', 'no_line_since', 'silent', 'adopted'] as const;

/**
 * What the lines of one process show about the document. If lines of an instance have no process id, all of them
 * together are treated as one process. Times are in the form of RFC 3339.
 */
export interface ProcessArrival {
  readonly app: string;
  readonly instance: string | null;
  readonly process: string | null;
  readonly finding: (typeof findings)[number];
  readonly adoptedAt: string | null;
  /**
   * The SHA-256 of each document in the process's latest line about documents, in upper-case hexadecimal: all 64
   * characters if it was a status line, the first 16 if it was a decision.
   */
  readonly documents: readonly string[];
  readonly documentsAt: string | null;
  readonly lastLineAt: string;
}

/** Whether a document has arrived, according to the lines that were read. Times are in the form of RFC 3339. */
export interface Arrival {
  readonly version: 1;
  readonly sha256: string;
  readonly verdict: 'arrived' | 'another_document' | 'cannot_tell';
  readonly firstSeenAt: string | null;
  readonly newestLineAt: string | null;
  readonly silentAfterSeconds: number;
  readonly doubts: readonly (
    | 'no_lines'
    | 'fewer_processes'
    | 'lines_not_used'
    | 'lines_sampled'
    | 'lines_of_the_future'
  )[];
  readonly processes: readonly ProcessArrival[];
}

interface Seen {
  readonly origin: Pick<ProcessArrival, 'app' | 'instance' | 'process'>;
  last: number;
  /**
   * `adoptedAt` is the time of the first line that shows the document, `hadAt` that of the latest one, and `otherAt`
   * that of the latest line that shows only other documents. In milliseconds since 1970-01-01T00:00:00Z.
   */
  adoptedAt: number | undefined;
  hadAt: number;
  otherAt: number;
  documents: readonly string[];
  /**
   * The number of start lines. Each gate writes one, so two or more mean that a process with an id has several gates.
   * No line says which gate of its process wrote it.
   */
  starts: number;
}

/**
 * In milliseconds. Clocks of servers differ by less. The tolerance also allows for the length of a decision: a
 * decision's line has the time at which the gate began to decide, but names the document that was in use afterwards.
 */
const clockTolerance = 300_000;

/** Collects what the lines show about one document. The order of the lines changes no finding. */
export class ArrivalTracker {
  readonly #sha256: string;
  readonly #seen = new Map<string, Seen>();
  #isSampled = false;

  /** `sha256` is the document's SHA-256 in upper-case hexadecimal, or at least its first 16 characters. */
  constructor(sha256: string) {
    this.#sha256 = sha256;
  }

  note({ line, time, app, instance: named, itemCount = 1 }: LogRecord): void {
    const [instance, process] = [named ?? null, line.process ?? null];
    const key = JSON.stringify([app, instance, process]);
    const never = Number.NEGATIVE_INFINITY;
    const none = { last: time, adoptedAt: undefined, hadAt: never, otherAt: never, documents: [], starts: 0 };
    const seen: Seen = this.#seen.get(key) ?? { origin: { app, instance, process }, ...none };
    this.#seen.set(key, seen);
    seen.last = Math.max(seen.last, time);
    this.#isSampled ||= itemCount > 1;
    if (line.event === 'status' && line.moment === 'start' && (line.part ?? 1) === 1) seen.starts += 1;
    const documents = listDocuments(line);
    if (documents.length === 0) return;
    if (time >= Math.max(seen.hadAt, seen.otherAt)) seen.documents = documents;
    if (documents.some((each) => each.startsWith(this.#sha256) || this.#sha256.startsWith(each))) {
      seen.adoptedAt = Math.min(seen.adoptedAt ?? time, time);
      seen.hadAt = Math.max(seen.hadAt, time);
    } else seen.otherAt = Math.max(seen.otherAt, time);
  }

  /**
   * `atLeast` is the least number of processes that must have adopted the document. `silentAfter` is in milliseconds,
   * and `now` in milliseconds since 1970-01-01T00:00:00Z.
   */
  finish(
    readings: readonly SourceReading[],
    { atLeast, silentAfter, now }: { readonly atLeast: number; readonly silentAfter: number; readonly now: number },
  ): Arrival {
    const all = [...this.#seen.values()];
    const newest = all.reduce((latest, { last }) => Math.max(latest, last), Number.NEGATIVE_INFINITY);
    const since = all.reduce((first, { adoptedAt = first }) => Math.min(first, adoptedAt), Number.POSITIVE_INFINITY);
    const silentSince = Math.min(newest, now) - silentAfter - clockTolerance;
    const processes = all.map((seen) => describe(seen, since, silentSince)).sort(compareRows);
    const doubts = Object.entries({
      no_lines: all.length === 0,
      fewer_processes: countProcesses(processes, ['adopted']) < Math.max(atLeast, 1),
      lines_not_used: readings.some((each) => mayHaveLostLines(each) || each.unfinished + each.gaps.length > 0),
      lines_sampled: this.#isSampled && countProcesses(processes, ['silent']) > 0,
      lines_of_the_future: newest > now + clockTolerance,
    }).flatMap(([doubt, isThere]) => (isThere ? [doubt as Arrival['doubts'][number]] : []));
    const isOpen = doubts.length + countProcesses(processes, findings.slice(1, -2)) > 0;
    return {
      version: 1,
      sha256: this.#sha256,
      verdict: processes[0]?.finding === 'another_document' ? 'another_document' : isOpen ? 'cannot_tell' : 'arrived',
      firstSeenAt: formatOptionalTime(Number.isFinite(since) ? since : undefined),
      newestLineAt: formatOptionalTime(Number.isFinite(newest) ? newest : undefined),
      silentAfterSeconds: silentAfter / 1000,
      doubts,
      processes,
    };
  }
}

/**
 * The number of different processes with these findings. A process id is counted once, because two exports may name the
 * process's instance or app differently.
 */
export function countProcesses(rows: readonly ProcessArrival[], wanted: readonly string[] = findings): number {
  const found = rows.filter(({ finding }) => wanted.includes(finding));
  return new Set(found.map((row) => row.process ?? row)).size;
}

/**
 * The SHA-256 of each document that the line shows. Identifiers of another form are left out, because a trust store of
 * the app's own may identify its documents by any text.
 */
function listDocuments(line: GateLine): readonly string[] {
  const status = line.event === 'status' ? (line.trust ?? []).map(({ sha256 = '' }) => sha256) : [];
  const decision = line.event === 'decision' ? (line.trustSha256?.split(',') ?? []) : [];
  return [...status, ...decision].flatMap((each) => (/^[\dA-F]{16,64}$/i.test(each) ? [each.toUpperCase()] : []));
}

function describe(seen: Seen, since: number, silentSince: number): ProcessArrival {
  const { origin, last, starts, adoptedAt, hadAt, otherAt, documents } = seen;
  const documentsAt = Math.max(hadAt, otherAt);
  const row = {
    ...origin,
    adoptedAt: formatOptionalTime(adoptedAt),
    documents,
    lastLineAt: formatOptionalTime(last) ?? '',
    documentsAt: formatOptionalTime(Number.isFinite(documentsAt) ? documentsAt : undefined),
  };
  const isOfOneGate = starts < 2 && otherAt < (adoptedAt ?? otherAt) + clockTolerance;
  if (hadAt > otherAt && origin.process !== null && isOfOneGate) return { ...row, finding: 'adopted' };
  if (last <= silentSince) return { ...row, finding: 'silent' };
  const isLater = since === Number.POSITIVE_INFINITY || otherAt >= since;
  if (isLater && otherAt >= hadAt && Number.isFinite(otherAt)) return { ...row, finding: 'another_document' };
  if (origin.process === null) return { ...row, finding: 'no_process_id' };
  if (hadAt > otherAt) return { ...row, finding: 'several_gates' };
  return { ...row, finding: documents.length === 0 ? 'no_document' : 'no_line_since' };
}

function compareRows(one: ProcessArrival, other: ProcessArrival): number {
  const place = (row: ProcessArrival): string => JSON.stringify([row.app, row.instance, row.process]);
  return findings.indexOf(one.finding) - findings.indexOf(other.finding) || (place(one) < place(other) ? -1 : 1);
}
