import { channel } from 'node:diagnostics_channel';
import type { DenialCode } from '../denial.js';
import type { TrustStoreReport } from '../trust-store/trust-store.js';
import { CallerTallies, type CallerTally } from './caller-tallies.js';
import type { DecisionFacts, LoggingCall } from './decision-channel.js';
import { shortenMatched } from './decision-log-line.js';
import { DenialTotals } from './denial-totals.js';
import { type Draft, formatLogLine, formatTime, type LineStart, startLine } from './log-text.js';
import { packageVersion, statusChannelName } from './status-channel.js';

/** What a gate knows of itself. */
export interface GateStatus {
  /** `functions`, or `server` for `@certgate/http`. */
  readonly host: 'functions' | 'server';
  /** The front end; also `development`, `direct-tls` or `anywhere`. */
  readonly frontEnd?: string | undefined;
  /** What shows that requests come through the front end: `secret`, or the isolation that the operator named. */
  readonly frontEndProof?: string | undefined;
  /** The code with which every call is refused, because no front end is known. */
  readonly frontEndFault?: DenialCode | undefined;
  /** Functions that are closed to callers without an allowed certificate; the first 100. */
  readonly closed: readonly string[];
  /**
   * Functions that are open now: anonymous or observed ones; the first 100. Functions that were registered before Certgate
   * was loaded are in neither list.
   */
  readonly open: readonly string[];
}

/** Of one trust document. */
export interface TrustStatus {
  /** Where it is read. */
  readonly source: string;
  /** Where the document in use was read instead: the mirror. */
  readonly mirror?: string;
  /** The `revision` in use. */
  readonly revision?: number;
  /** The SHA-256 of its bytes. */
  readonly sha256?: string;
  /** How long ago the last good read began. */
  readonly ageSeconds?: number;
  /** The first 16 digits of the SHA-256 of each accepted public key (SPKI): one of them has signed the document. */
  readonly signedBy?: readonly string[];
  /** The document is locked. */
  readonly locked?: true;
  /** Why the latest read failed. */
  readonly fault?: string;
  /** What is wrong with the revocation lists, and who is refused because of that. */
  readonly revocationFault?: string;
}

/** Who called by what; times as RFC 3339. */
export interface CallerStatus {
  /** The identity's name in the trust document. */
  readonly identity: string;
  /** As in a decision line. */
  readonly matchedBy: string;
  /** The name itself, or the first 16 digits of the pin. */
  readonly matched?: string;
  /** When the first of the calls was decided. */
  readonly first: string;
  /** When the last one was. */
  readonly last: string;
  /** How many calls were admitted, and refused by no role behind the gate. */
  readonly calls: number;
}

/**
 * What the gate is and what it did, also with `decisionLog: 'denials'`. Level information. An instance that ends before the
 * first call of the next hour does not write its last line.
 */
export interface StatusLogLine extends LineStart<'status'>, Partial<GateStatus> {
  /** `start`: when the app has started, on the console. `hour`: with the first call of an hour, about the time since `since`. */
  readonly moment: 'start' | 'hour';
  /** RFC 3339: when the counting began. */
  readonly since: string;
  /** The number of this part, if the line would have more than 30,000 characters. Parts after the first have only callers. */
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
  /** How many calls were refused, by code, logged or not; without calls of observed functions. */
  readonly denials?: Readonly<Partial<Record<DenialCode, number>>>;
  /** Who was admitted; at most 2,000 entries. */
  readonly callers: readonly CallerStatus[];
  /** How many calls came from callers that are not listed. */
  readonly moreCallers?: { readonly calls: number };
}

/** Where a status line gets what it says. */
export interface StatusSource {
  readonly describe: () => GateStatus;
  readonly findTrustReport: () => TrustStoreReport | undefined;
  readonly isLocked: () => boolean;
}

const statuses = channel(statusChannelName);

const hourMilliseconds = 3_600_000;

/** Says what the gate is when it starts, and once an hour what it did. */
export class StatusLog {
  readonly #source: StatusSource;
  readonly #denials = new DenialTotals();
  readonly #callers = new CallerTallies();
  /** When the counting began. */
  #since: number | undefined;
  #hourBeginsAt = 0;
  #hourEndsAt = 0;

  constructor(source: StatusSource) {
    this.#source = source;
  }

  /** When the app has started. There is no invocation; the worker logs the console's lines. */
  begin(): void {
    try {
      for (const line of this.#createLines('start', Date.now())) console.info(line);
    } catch {
      // A console that fails is no reason to refuse everybody.
    }
  }

  /** For each call that is decided. Throws what the call's own log throws. */
  tell(context: LoggingCall, now: number): void {
    this.#since ??= now;
    if (now < this.#hourEndsAt && now >= this.#hourBeginsAt) return;
    for (const line of this.#beginHour(now)) context.log(line);
  }

  /** For the outcome of each call. */
  count({ decision, observation, decidedAt = Date.now() }: DecisionFacts): void {
    if (decision.outcome === 'allowed') this.#callers.note(decision.identity, decidedAt);
    else if (observation === undefined) this.#denials.count(decision.code);
  }

  /** A clock that was put back begins another hour, too. In the hour of the start, nothing is to be told yet. */
  #beginHour(now: number): readonly string[] {
    this.#hourBeginsAt = now - (now % hourMilliseconds);
    this.#hourEndsAt = this.#hourBeginsAt + hourMilliseconds;
    const since = this.#since ?? now;
    const isSame = this.#hourBeginsAt <= since && since < this.#hourEndsAt;
    return isSame ? noLines : this.#createLines('hour', now);
  }

  /** Takes what was counted, so that a log that fails is not tried again at every call. */
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

  /** For the log alone: what can't be said spoils no decision. */
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
      // A store of the user's own may say what is no JSON.
      formatLogLine(status);
      statuses.publish(status);
      return status;
    } catch {
      return { version: packageVersion };
    }
  }
}

const noLines: readonly string[] = Object.freeze([]);

/** Application Insights cuts a message after 32,768 characters. */
const maximumLength = 30_000;
/** Of each list. */
const maximumNames = 100;
const maximumNamesLength = 6_000;

/** Callers for one line each; the first has `lengthBefore` characters already. */
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
