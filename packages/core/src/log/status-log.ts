import { channel } from 'node:diagnostics_channel';
import type { DenialCode } from '../denial.js';
import type { TrustStoreReport } from '../trust-store/trust-store.js';
import { CallerTallies, type CallerTally } from './caller-tallies.js';
import type { DecisionFacts, LoggingCall } from './decision-channel.js';
import { shortenMatched } from './decision-log-line.js';
import { DenialTotals } from './denial-totals.js';
import { type Draft, formatLogLine, formatTime, type LineStart, startLine } from './log-text.js';
import { packageVersion, statusChannelName } from './status-channel.js';

/** What a gate knows about itself. */
export interface GateStatus {
  /** `functions`, or `server` for `@certgate/http`. */
  readonly host: 'functions' | 'server';
  /** The front end; also `development`, `direct-tls` or `anywhere`. */
  readonly frontEnd?: string | undefined;
  /** What shows that requests come through the front end: `secret`, or the isolation that the operator named. */
  readonly frontEndProof?: string | undefined;
  /** The code with which every call is refused because no front end can be used. */
  readonly frontEndFault?: DenialCode | undefined;
  /** Functions that are closed to callers without an allowed certificate. A line has at most 100 of them. */
  readonly closed: readonly string[];
  /**
   * Functions that are open now: anonymous or observed ones; on a server, its anonymous routes. A line has at most 100
   * of them. Functions that were registered before Certgate was loaded are in neither list.
   */
  readonly open: readonly string[];
}

/** The state of one trust document. */
export interface TrustStatus {
  /** The source of the document, such as `file trust.json`. */
  readonly source: string;
  /** The mirror, if the document in use was read there instead. */
  readonly mirror?: string;
  /** The `revision` of the document in use. */
  readonly revision?: number;
  /** The SHA-256 of the document's bytes. */
  readonly sha256?: string;
  /** How long ago the last good read began, in seconds. */
  readonly ageSeconds?: number;
  /** The first 16 digits of the SHA-256 of each accepted public key (SPKI), one of which has signed the document. */
  readonly signedBy?: readonly string[];
  /** Set if the document is locked. */
  readonly locked?: true;
  /** Why the latest read failed. Absent if it succeeded. */
  readonly fault?: string;
  /** What is wrong with the revocation lists, and who is refused because of that. */
  readonly revocationFault?: string;
}

/** The calls of one caller by one pin or name. Times are RFC 3339. */
export interface CallerStatus {
  /** The identity's name in the trust document. */
  readonly identity: string;
  /** What the caller was recognised by, as in a decision line. */
  readonly matchedBy: string;
  /** The name itself, or the first 16 digits of the pin. */
  readonly matched?: string;
  /** When the first of these calls was decided. */
  readonly first: string;
  /** When the last of these calls was decided. */
  readonly last: string;
  /** How many of the caller's calls were admitted, and not refused later by a role behind the gate. */
  readonly calls: number;
}

/**
 * What the gate is and what it did. Written even with `decisionLog: 'denials'`. Level information. An instance that
 * ends before the first call of the next hour does not write its last line.
 */
export interface StatusLogLine extends LineStart<'status'>, Partial<GateStatus> {
  /**
   * `start`: written to the console when the app has started. `hour`: written with the first call of an hour, about the
   * time since `since`.
   */
  readonly moment: 'start' | 'hour';
  /** RFC 3339: when the counting began. */
  readonly since: string;
  /**
   * The number of this part, if the line would have more than about 30,000 characters. Parts after the first have only
   * callers.
   */
  readonly part?: number;
  /** How many parts there are. */
  readonly parts?: number;
  /** The version of the packages. */
  readonly version?: string;
  /** Each trust document. */
  readonly trust?: readonly TrustStatus[];
  /** How many closed functions are not listed. */
  readonly moreClosed?: number;
  /** How many open functions are not listed. */
  readonly moreOpen?: number;
  /** Whether `CERTGATE_LOCKED` is set. */
  readonly locked?: boolean;
  /**
   * How many calls were refused, by code, whether they have lines or not. Calls of observed functions are not included.
   */
  readonly denials?: Readonly<Partial<Record<DenialCode, number>>>;
  /** The callers who were admitted; at most 2,000 entries. */
  readonly callers: readonly CallerStatus[];
  /** How many calls came from callers that are not listed. */
  readonly moreCallers?: { readonly calls: number };
}

/** The source of what a status line says about the gate and its trust store. `StatusLog` itself counts the calls. */
export interface StatusSource {
  readonly describe: () => GateStatus;
  readonly findTrustReport: () => TrustStoreReport | undefined;
  readonly isLocked: () => boolean;
}

const statuses = channel(statusChannelName);

const hourMilliseconds = 3_600_000;

/** Logs what the gate is when the app starts, and once an hour what the gate did. */
export class StatusLog {
  readonly #source: StatusSource;
  readonly #denials = new DenialTotals();
  readonly #callers = new CallerTallies();
  /** When the counting began, in milliseconds since 1970-01-01T00:00:00Z. */
  #since: number | undefined;
  #hourBeginsAt = 0;
  #hourEndsAt = 0;

  constructor(source: StatusSource) {
    this.#source = source;
  }

  /** Runs when the app has started. Writes to the console, which the worker logs, because there is no invocation. */
  begin(): void {
    try {
      for (const line of this.#createLines('start', Date.now())) console.info(line);
    } catch {
      // A console that fails must not stop the app's start.
    }
  }

  /**
   * Runs for each decided call, and writes the lines once an hour. Throws what the call's own log throws. `now` is in
   * milliseconds since 1970-01-01T00:00:00Z.
   */
  reportTo(context: LoggingCall, now: number): void {
    this.#since ??= now;
    if (now < this.#hourEndsAt && now >= this.#hourBeginsAt) return;
    for (const line of this.#beginHour(now)) context.log(line);
  }

  /** Counts the outcome of a call. */
  count({ decision, observation, decidedAt = Date.now() }: DecisionFacts): void {
    if (decision.outcome === 'allowed') this.#callers.note(decision.identity, decidedAt);
    else if (observation === undefined) this.#denials.count(decision.code);
  }

  /**
   * The lines about the time since the counting began; none while that hour lasts. A clock that was set back to an
   * earlier hour begins another hour too.
   */
  #beginHour(now: number): readonly string[] {
    this.#hourBeginsAt = now - (now % hourMilliseconds);
    this.#hourEndsAt = this.#hourBeginsAt + hourMilliseconds;
    const since = this.#since ?? now;
    const isSame = this.#hourBeginsAt <= since && since < this.#hourEndsAt;
    return isSame ? noLines : this.#createLines('hour', now);
  }

  /** Makes the lines and resets the counts first, so that a log that fails is not tried again at every call. */
  #createLines(moment: StatusLogLine['moment'], now: number): readonly string[] {
    const { callers, moreCalls } = this.#callers.take();
    const head = { ...startLine('status', now), moment, since: formatTime(this.#since ?? now) };
    const more = {
      ...this.#describe(),
      denials: this.#denials.take(),
      moreCallers: moreCalls === 0 ? undefined : { calls: moreCalls },
    };
    this.#since = now;
    const groups = groupCallers(callers.map(describeCaller), formatLogLine(more).length);
    const parts = groups.length;
    return groups.map((group, index) => {
      const place = parts === 1 ? {} : { part: index + 1, parts };
      return formatLogLine({
        ...head,
        ...place,
        ...(index === 0 ? more : {}),
        callers: group,
      } satisfies Draft<StatusLogLine>);
    });
  }

  /** The status for the log and for subscribers. If it can't be made, no decision is affected. */
  #describe(): Partial<Draft<StatusLogLine>> {
    try {
      const { describe, findTrustReport, isLocked } = this.#source;
      const { closed, open, ...gate } = describe();
      const report = findTrustReport();
      const reports = report === undefined ? [] : (report.parts ?? [report]);
      const status = Object.freeze({
        version: packageVersion,
        ...gate,
        trust: reports.slice(0, maximumNames).map(describeTrust),
        ...shorten('closed', closed),
        ...shorten('open', open),
        locked: isLocked(),
      });
      // Throws if a custom store's report contains what JSON can't express.
      formatLogLine(status);
      statuses.publish(status);
      return status;
    } catch {
      return { version: packageVersion };
    }
  }
}

const noLines: readonly string[] = Object.freeze([]);

/** The longest line, in characters, without its first members. Application Insights cuts a message after 32,768. */
const maximumLength = 30_000;
/** The limit for the trust documents, and for each list of functions. */
const maximumNames = 100;
const maximumNamesLength = 6_000;

/** Groups callers so that each group fits into one line. The first line already has `lengthBefore` characters. */
function groupCallers(
  callers: readonly Draft<CallerStatus>[],
  lengthBefore: number,
): readonly (readonly Draft<CallerStatus>[])[] {
  const groups: Draft<CallerStatus>[][] = [[]];
  let length = lengthBefore;
  for (const caller of callers) {
    const own = formatLogLine(caller).length + 1;
    if (length + own > maximumLength) {
      groups.push([]);
      length = 0;
    }
    groups.at(-1)?.push(caller);
    length += own;
  }
  return groups;
}

function shorten(key: 'closed' | 'open', names: readonly string[]): Partial<Draft<StatusLogLine>> {
  let length = 0;
  const shown = names.slice(0, maximumNames).filter((name) => (length += name.length + 3) <= maximumNamesLength);
  const more = names.length - shown.length;
  return { [key]: shown, [key === 'closed' ? 'moreClosed' : 'moreOpen']: more === 0 ? undefined : more };
}

function describeTrust(report: TrustStoreReport): Draft<TrustStatus> {
  const { description: source, revision, sha256, ageMilliseconds, signedBy, isLocked, mirror } = report;
  const { fault, revocationFault } = report;
  return {
    source,
    mirror: mirror?.isInUse === true ? mirror.description : undefined,
    revision,
    sha256,
    ageSeconds: ageMilliseconds === undefined ? undefined : Math.round(ageMilliseconds / 1000),
    signedBy,
    locked: isLocked === true ? true : undefined,
    fault,
    revocationFault,
  };
}

function describeCaller({ identity, matchedBy, matched, first, last, calls }: CallerTally): Draft<CallerStatus> {
  return {
    identity,
    matchedBy,
    matched: matched === undefined ? undefined : shortenMatched(matched),
    first: formatTime(first),
    last: formatTime(last),
    calls,
  };
}
