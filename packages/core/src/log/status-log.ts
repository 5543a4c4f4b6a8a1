import type { Decision } from '../access/decision.js';
import type { DenialCode } from '../denial.js';
import type { TrustStoreReport } from '../trust-store/trust-store.js';
import { CallerTallies, type CallerTally } from './caller-tallies.js';
import type { LoggingCall } from './decision-channel.js';
import { shortenMatched } from './decision-log-line.js';
import { DenialTotals } from './denial-totals.js';
import { formatLogLine, type LineStart, startLine } from './log-text.js';

/** The version of all packages; they are released together. */
export const packageVersion = '0.1.0';

/** What a gate knows of itself. */
export interface GateStatus {
  /** The Functions host, or a server of the app's own. */
  readonly host: 'functions' | 'server';
  /** The front end by which the gate goes; `direct-tls`: none. */
  readonly frontEnd?: string | undefined;
  /** What shows that a request came by it: `secret`, or the isolation as the operator named it. */
  readonly frontEndProof?: string | undefined;
  /** Why there is no front end to go by, so that every call is refused. */
  readonly frontEndFault?: DenialCode | undefined;
  /** Functions that only a certificate opens, or that nobody may call. */
  readonly closed: readonly string[];
  /** Functions that are open to others too, now. */
  readonly open: readonly string[];
}

/** Of one trust document. */
export interface TrustStatus {
  readonly source: string;
  /** Where the document in use was read instead: the mirror of that place. */
  readonly mirror?: string;
  readonly revision?: number;
  readonly sha256?: string;
  /** Since the last good read began. */
  readonly ageSeconds?: number;
  /** The first 16 digits of the SHA-256 of each public key (SPKI) of `signedBy`: one of them has signed the document. */
  readonly signedBy?: readonly string[];
  /** The document is locked. */
  readonly locked?: true;
  readonly fault?: string;
}

/** Who called by what; times as RFC 3339. */
export interface CallerStatus {
  readonly identity: string;
  readonly matchedBy: string;
  /** The name itself, or the first 16 digits of the pin. */
  readonly matched?: string;
  readonly first: string;
  readonly last: string;
  readonly calls: number;
}

/**
 * What the gate is and what it did, of level information. `start`: when the app has started. `hour`: with the first call of an
 * hour, about the time since `since`; one that is too long for a host is written in parts, of which the others have callers
 * alone.
 */
export interface StatusLogLine extends LineStart<'status'>, Partial<GateStatus> {
  readonly moment: 'start' | 'hour';
  /** The first of what was counted: RFC 3339. */
  readonly since: string;
  readonly part?: number;
  readonly parts?: number;
  readonly version?: string;
  readonly trust?: readonly TrustStatus[];
  readonly moreClosed?: number;
  readonly moreOpen?: number;
  /** By the app setting CERTGATE_LOCKED. */
  readonly locked?: boolean;
  readonly denials?: Readonly<Partial<Record<DenialCode, number>>>;
  readonly callers: readonly CallerStatus[];
  /** How many calls came of callers that found no room in the list. */
  readonly moreCallers?: { readonly calls: number };
}

/** Where a status line gets what it says. */
export interface StatusSource {
  readonly describe: () => GateStatus;
  readonly findTrustReport: () => TrustStoreReport | undefined;
  readonly isLocked: () => boolean;
}

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

  /** For each call that is decided, after its own line. Throws what the call's own log throws. */
  note(context: LoggingCall, decision: Decision, isObserved: boolean, now: number): void {
    this.#since ??= now;
    const lines = now >= this.#hourEndsAt || now < this.#hourBeginsAt ? this.#beginHour(now) : noLines;
    if (decision.outcome === 'allowed') this.#callers.note(decision.identity, now);
    else if (!isObserved) this.#denials.count(decision.code);
    for (const line of lines) context.log(line);
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
      ...(moreCalls === 0 ? {} : { moreCallers: { calls: moreCalls } }),
    };
    this.#since = now;
    const groups = groupCallers(callers.map(describeCaller), formatLogLine(more).length);
    const parts = groups.length;
    return groups.map((group, index) => {
      const place = parts === 1 ? {} : { part: index + 1, parts };
      return formatLogLine({ ...head, ...place, ...(index === 0 ? more : {}), callers: group } satisfies StatusLogLine);
    });
  }

  /** For the log alone: what can't be said spoils no decision. */
  #describe(): Partial<StatusLogLine> {
    try {
      const { describe, findTrustReport, isLocked } = this.#source;
      const { closed, open, ...gate } = describe();
      const report = findTrustReport();
      const reports = report === undefined ? [] : (report.parts ?? [report]);
      const status = {
        version: packageVersion,
        ...gate,
        trust: reports.slice(0, maximumNames).map(describeTrust),
        ...shorten('closed', closed),
        ...shorten('open', open),
        locked: isLocked(),
      };
      // A store of the user's own may say what is no JSON.
      formatLogLine(status);
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
function groupCallers(callers: readonly CallerStatus[], lengthBefore: number): readonly (readonly CallerStatus[])[] {
  const groups: CallerStatus[][] = [[]];
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

function shorten(key: 'closed' | 'open', names: readonly string[]): Partial<StatusLogLine> {
  let length = 0;
  const shown = names.slice(0, maximumNames).filter((name) => (length += name.length + 3) <= maximumNamesLength);
  const more = names.length - shown.length;
  return { [key]: shown, ...(more === 0 ? {} : { [key === 'closed' ? 'moreClosed' : 'moreOpen']: more }) };
}

function describeTrust(report: TrustStoreReport): TrustStatus {
  const { description: source, revision, sha256, ageMilliseconds, signedBy, isLocked, mirror, fault } = report;
  return {
    source,
    ...(mirror?.isInUse === true ? { mirror: mirror.description } : {}),
    ...(revision === undefined ? {} : { revision }),
    ...(sha256 === undefined ? {} : { sha256 }),
    ...(ageMilliseconds === undefined ? {} : { ageSeconds: Math.round(ageMilliseconds / 1000) }),
    ...(signedBy === undefined ? {} : { signedBy }),
    ...(isLocked === true ? { locked: true } : {}),
    ...(fault === undefined ? {} : { fault }),
  };
}

function describeCaller({ identity, matchedBy, matched, first, last, calls }: CallerTally): CallerStatus {
  return {
    identity,
    matchedBy,
    ...(matched === undefined ? {} : { matched: shortenMatched(matched) }),
    first: formatTime(first),
    last: formatTime(last),
    calls,
  };
}

function formatTime(instant: number): string {
  return new Date(instant).toISOString();
}
