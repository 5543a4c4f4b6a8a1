import type { DecisionLogLine, StatusLogLine } from '@certgate/core/internal';
import type { LogRecord } from '../../log/reading/log-record.js';

/** Calls that lines tell the same of, and that are decided alike whenever they came. */
export interface CallGroup {
  readonly app: string;
  readonly line: CalledLine;
  /** Milliseconds: of one of the calls. */
  readonly time: number;
  readonly calls: number;
  readonly last: number;
}

type LineKey =
  | 'outcome'
  | 'code'
  | 'function'
  | 'identity'
  | 'matchedBy'
  | 'matched'
  | 'thumbprintSha256'
  | 'trustRevision'
  | 'trustSha256'
  | 'withoutClientAuthUntil'
  | 'reportOnlyCode'
  | 'reportOnlyUntil'
  | 'observedUntil'
  | 'detail';

const lineKeys: readonly LineKey[] = [
  'outcome',
  'code',
  'function',
  'identity',
  'matchedBy',
  'matched',
  'thumbprintSha256',
  'trustRevision',
  'trustSha256',
  'withoutClientAuthUntil',
  'reportOnlyCode',
  'reportOnlyUntil',
  'observedUntil',
  'detail',
];

/** What decides, of a line. */
export type CalledLine = Pick<DecisionLogLine, LineKey>;

/** Strangers and their certificates are without number; those that neither document knows are not told apart. */
function isLeftOut({ code }: DecisionLogLine, key: LineKey, isTold: boolean): boolean {
  if (key === 'detail') return code !== 'role_missing' && code !== 'trust_locked';
  return key === 'thumbprintSha256' && !isTold;
}

/** Admitted calls that have no line of their own. */
export interface CountedCalls {
  readonly identity: string;
  readonly matchedBy: string;
  readonly matched: string | undefined;
  readonly first: number;
  readonly last: number;
  readonly calls: number;
  /** The SHA-256 of the only document in use before and after; undefined: there were several, or it isn't told. */
  readonly trustSha256: string | undefined;
}

type Mutable<Value> = { -readonly [Key in keyof Value]: Value[Key] };

interface Grouping {
  /** Ascending, in milliseconds: calls of this caller before and after one of them are not grouped. */
  readonly findInstants: (
    line: Pick<DecisionLogLine, 'identity' | 'thumbprintSha256'>,
  ) => readonly (readonly number[])[];
  /** Whether it matters which certificate a line is about. */
  readonly isKnown: (thumbprintSha256: string) => boolean;
  /** The documents that are told apart, by the digits that lines have. */
  readonly digests: ReadonlySet<string>;
}

/** Groups the lines of a log as they come, in memory that does not grow with their number. */
export class CallGroups {
  readonly #grouping: Grouping;
  readonly #groups = new Map<string, Mutable<CallGroup>>();
  readonly #counted = new Map<string, Mutable<CountedCalls>>();
  /** By app and instance: the only document of the last status, and whether it was that of the one before. */
  readonly #documentByApp = new Map<string, { readonly sha256: string | undefined; readonly isSame: boolean }>();
  /** By identity, as the line claims. */
  readonly #twins = new Map<string, Set<string>>();
  /** By app and function: until when, in milliseconds. */
  readonly #reportOnly = new Map<string, number>();
  readonly #otherDocuments = new Map<string, { revision: number | null; calls: number }>();
  #suppressed = 0;
  /** Calls of callers that no status line names. */
  #uncounted = 0;
  #isSampled = false;
  #first = Number.POSITIVE_INFINITY;
  #last = Number.NEGATIVE_INFINITY;

  constructor(grouping: Grouping) {
    this.#grouping = grouping;
  }

  note(record: LogRecord): void {
    const { line, time, itemCount = 1 } = record;
    this.#first = Math.min(this.#first, time);
    this.#last = Math.max(this.#last, time);
    this.#isSampled ||= itemCount > 1;
    if (line.event === 'decision') this.#noteDecision(line, record, itemCount);
    else if (line.event === 'status') this.#noteStatus(line, record);
    else if (line.event === 'suppressed') this.#suppressed += line.total;
    else if (line.event === 'start') this.#noteReportOnly(record.app, line);
  }

  get groups(): Iterable<CallGroup> {
    return this.#groups.values();
  }

  /** Those of status lines, without the calls that have lines. At least: lines may be of times that no status tells of. */
  listCounted(): readonly CountedCalls[] {
    const written = new Map<string, number>();
    for (const { app, line, calls } of this.#groups.values()) {
      if (line.outcome !== 'allowed') continue;
      const key = nameCaller(app, { ...line, matched: findMatchedText(line) });
      written.set(key, (written.get(key) ?? 0) + calls);
    }
    return [...this.#counted].flatMap(([key, counted]) => {
      const calls = counted.calls - (written.get(key) ?? 0);
      return calls > 0 ? { ...counted, calls } : [];
    });
  }

  findTwins(identity: string): ReadonlySet<string> {
    return this.#twins.get(identity) ?? noTwins;
  }

  isReportOnly(app: string, functionName: string, time: number): boolean {
    return time < (this.#reportOnly.get(JSON.stringify([app, functionName])) ?? Number.NEGATIVE_INFINITY);
  }

  get summary(): {
    readonly suppressed: number;
    readonly uncounted: number;
    readonly isSampled: boolean;
    readonly first: number | undefined;
    readonly last: number | undefined;
    readonly otherDocuments: readonly (readonly [
      string,
      { readonly revision: number | null; readonly calls: number },
    ])[];
  } {
    const isEmpty = this.#first > this.#last;
    return {
      suppressed: this.#suppressed,
      uncounted: this.#uncounted,
      isSampled: this.#isSampled,
      first: isEmpty ? undefined : this.#first,
      last: isEmpty ? undefined : this.#last,
      otherDocuments: [...this.#otherDocuments].sort(([, one], [, other]) => other.calls - one.calls),
    };
  }

  #noteDecision(line: DecisionLogLine, { app, time }: LogRecord, calls: number): void {
    this.#suppressed += line.suppressed ?? 0;
    this.#noteTwin(line);
    this.#noteDocument(line, calls);
    this.#noteReportOnly(app, line);
    const isTold = line.identity !== undefined || this.#grouping.isKnown(line.thumbprintSha256 ?? '');
    const values = lineKeys.map((key) => (isLeftOut(line, key, isTold) ? undefined : line[key]));
    const segments = this.#grouping.findInstants(line).map((instants) => countUntil(instants, time));
    const key = JSON.stringify([app, ...segments, ...values]);
    const known = this.#groups.get(key);
    if (known === undefined) {
      const told = Object.fromEntries(
        lineKeys.flatMap((name, index) => (values[index] === undefined ? [] : [[name, values[index]]])),
      ) as object as CalledLine;
      this.#groups.set(key, { app, line: told, time, calls, last: time });
    } else {
      known.calls += calls;
      known.last = Math.max(known.last, time);
    }
  }

  #noteTwin({ claimedBy, claimedIdentity, thumbprintSha256 }: DecisionLogLine): void {
    if (claimedBy !== 'pin' || claimedIdentity === undefined || thumbprintSha256 === undefined) return;
    if (!this.#grouping.isKnown(thumbprintSha256)) return;
    const twins = this.#twins.get(claimedIdentity) ?? new Set();
    this.#twins.set(claimedIdentity, twins.add(thumbprintSha256));
  }

  #noteReportOnly(app: string, line: Partial<Pick<DecisionLogLine, 'function' | 'reportOnlyUntil'>>): void {
    const until = Date.parse(line.reportOnlyUntil ?? '');
    if (!Number.isNaN(until)) this.#reportOnly.set(JSON.stringify([app, line.function]), until);
  }

  #noteDocument({ trustSha256, trustRevision }: DecisionLogLine, calls: number): void {
    if (trustSha256 === undefined || trustSha256.includes(',') || this.#grouping.digests.has(trustSha256)) return;
    const known = this.#otherDocuments.get(trustSha256);
    if (known !== undefined) known.calls += calls;
    else if (this.#otherDocuments.size < maximumDocuments)
      this.#otherDocuments.set(trustSha256, { revision: trustRevision ?? null, calls });
  }

  #noteStatus(line: StatusLogLine, { app, instance, time }: LogRecord): void {
    const place = JSON.stringify([app, instance]);
    // Only the first of several parts tells of documents.
    const [trust, ...others] = line.trust ?? [];
    const told = others.length === 0 ? trust?.sha256 : undefined;
    const before = this.#documentByApp.get(place);
    const isSame = line.trust === undefined ? before?.isSame === true : told === before?.sha256;
    const sha256 = line.trust === undefined ? before?.sha256 : told;
    this.#documentByApp.set(place, { sha256, isSame });
    const trustSha256 = isSame ? sha256 : undefined;
    this.#uncounted += line.moreCallers?.calls ?? 0;
    for (const { identity, matchedBy, matched, first, last, calls } of line.callers) {
      const key = nameCaller(app, { identity, matchedBy, matched });
      const [begin, end] = [Date.parse(first), Date.parse(last)].map((each) => (Number.isNaN(each) ? time : each));
      const counted = { identity, matchedBy, matched, first: begin ?? time, last: end ?? time, calls, trustSha256 };
      const known = this.#counted.get(key);
      if (known === undefined) this.#counted.set(key, counted);
      else {
        known.calls += calls;
        known.first = Math.min(known.first, counted.first);
        known.last = Math.max(known.last, counted.last);
        if (known.trustSha256 !== trustSha256) known.trustSha256 = undefined;
      }
    }
  }
}

const noTwins: ReadonlySet<string> = new Set();
const maximumDocuments = 1_000;

/** The digits of a pin that is the certificate's thumbprint are left out of a line that is long. */
export function findMatchedText({
  matched,
  matchedBy,
  thumbprintSha256,
}: Pick<CalledLine, 'matched' | 'matchedBy' | 'thumbprintSha256'>): string | undefined {
  if (matched !== undefined || matchedBy?.startsWith('thumbprintSha256') !== true) return matched;
  return thumbprintSha256?.slice(0, 16);
}

function nameCaller(app: string, { identity, matchedBy, matched }: Partial<Record<string, unknown>>): string {
  return JSON.stringify([app, identity, matchedBy, matched]);
}

/** How many of the instants are not after the time. */
function countUntil(instants: readonly number[], time: number): number {
  let [low, high] = [0, instants.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((instants[middle] ?? Number.POSITIVE_INFINITY) <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}
