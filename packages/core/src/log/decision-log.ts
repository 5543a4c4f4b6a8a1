// log/: the log lines and the diagnostics channel.

import { formatInstant } from '@certgate/x509/internal';
import type { Admission, Decision } from '../access/decision.js';
import { type Denial, type DenialCode, getPublicStatus } from '../denial.js';
import { DailyNotice } from './daily-notice.js';
import { type DecisionFacts, findOutcome, type Observation } from './decision-channel.js';
import { formatLogLine } from './log-text.js';

/** A call as the log needs it; every invocation context of `@azure/functions` is one. */
export interface LoggingCall {
  readonly functionName: string;
  readonly invocationId: string;
  /** Of level information. */
  log(line: string): void;
  /** Of level warning. */
  warn(line: string): void;
}

/**
 * Which decisions are written: all, or denials and what is let through as an exception: by a report-only or observed
 * function, or by a pin that accepts a certificate without clientAuth.
 */
export const decisionLogChoices = ['all', 'denials'] as const;

/** A value of the option `decisionLog` of an adapter. */
export type DecisionLogChoice = (typeof decisionLogChoices)[number];

/** Raised with every change of the line's shape that a query could notice. */
export const logShapeVersion = 1;

/**
 * One line per decision, JSON with these keys. `outcome: "allowed"` lines are of level information; denials are of level
 * warning, and so is what was let through as an exception.
 */
export interface DecisionLogLine {
  readonly certgate: typeof logShapeVersion;
  readonly event: 'decision';
  /** `observed`: the decision was to refuse, and the call went on to the handler, since the function is observed. */
  readonly outcome: 'allowed' | 'denied' | 'observed';
  /** `allowed`, or the precise denial code. */
  readonly code: 'allowed' | DenialCode;
  /** What the caller got; absent when the call went on to the handler. */
  readonly status?: number;
  readonly function: string;
  /** The invocation id, which the caller was given as `correlationId`. */
  readonly correlationId: string;
  readonly identity?: string;
  readonly matchedBy?: string;
  readonly thumbprintSha256?: string;
  readonly trustRevision?: number;
  /** On `certificate_not_trusted`: where the document that doesn't list the caller comes from. */
  readonly trustSource?: string;
  /** On `allowed`: the denial that was let through, since the function is report-only. */
  readonly reportOnlyCode?: DenialCode;
  /** RFC 3339: when that denial begins to count. */
  readonly reportOnlyUntil?: string;
  /** On every line about a function that is observed, RFC 3339: when it closes. */
  readonly observedUntil?: string;
  /** Beside it: the name of the function key by which Azure let the call in, where the host tells it. */
  readonly functionKey?: string;
  /** On `allowed`, RFC 3339: the certificate lacks clientAuth, and until then its pin accepts that. */
  readonly withoutClientAuthUntil?: string;
  readonly detail?: string;
  /**
   * How many denials of this code were not logged since the last line of this code; on `observed`, how many such calls of
   * this function.
   */
  readonly suppressed?: number;
}

/**
 * Denials that are logged per code and minute; the rest is counted. Strangers must not fill the log. What is observed is
 * counted by function and code.
 */
const linesPerWindow = 20;
const windowMilliseconds = 60_000;

interface Window {
  readonly startedAt: number;
  readonly lines: number;
  readonly suppressed: number;
}

/** The options of `DecisionLog`. */
export interface DecisionLogOptions {
  readonly choice?: DecisionLogChoice;
  /** Milliseconds, of a clock that never goes back. */
  readonly now?: () => number;
}

/** Writes decisions to the log of their calls. One per app, since it counts what it leaves out. */
export class DecisionLog {
  readonly #windows = new Map<string, Window>();
  /** By function, code and caller of observed calls: whoever will be refused is named, however many others are. */
  readonly #observed = new DailyNotice();
  /** By function, code and key: a caller that makes a certificate for each call crowds only those out that share its key. */
  readonly #observedKeys = new DailyNotice();
  readonly #choice: DecisionLogChoice;
  readonly #now: () => number;

  constructor({ choice = 'all', now = () => performance.now() }: DecisionLogOptions = {}) {
    this.#choice = choice;
    this.#now = now;
  }

  /** Throws what the context's own log throws. */
  write(context: LoggingCall, facts: DecisionFacts): void {
    const { decision } = facts;
    if (decision.outcome === 'allowed' && !isException(decision)) {
      if (this.#choice === 'all') context.log(formatLogLine(createLogLine(context, facts, 0)));
      return;
    }
    const suppressed = decision.outcome === 'denied' ? this.#countDenial(context, decision, facts.observation) : 0;
    if (suppressed === undefined) return;
    context.warn(formatLogLine(createLogLine(context, facts, suppressed)));
  }

  /** How many were suppressed before this one, or undefined when this one is to be suppressed too. */
  #countDenial(
    context: LoggingCall,
    { code, thumbprintSha256 }: Denial,
    observation?: Observation,
  ): number | undefined {
    const now = this.#now();
    if (observation === undefined) return this.#count(code, false, now);
    const { functionName } = context;
    const { functionKey } = observation;
    const isKeyDue = this.#observedKeys.isDue(JSON.stringify([functionName, code, functionKey]), now);
    const caller = JSON.stringify([functionName, code, thumbprintSha256, functionKey]);
    const isDue = this.#observed.isDue(caller, now) || isKeyDue;
    return this.#count(`${code} ${functionName}`, isDue, now);
  }

  #count(key: string, isDue: boolean, now: number): number | undefined {
    const window = this.#windows.get(key);
    if (window === undefined || now - window.startedAt >= windowMilliseconds) {
      this.#windows.set(key, { startedAt: now, lines: 1, suppressed: 0 });
      return window?.suppressed ?? 0;
    }
    if (isDue || window.lines < linesPerWindow) {
      this.#windows.set(key, { ...window, lines: window.lines + 1, suppressed: 0 });
      return window.suppressed;
    }
    this.#windows.set(key, { ...window, suppressed: window.suppressed + 1 });
    return undefined;
  }
}

/** Let through, though something speaks against it. */
function isException({ deferred, identity }: Admission): boolean {
  return deferred !== undefined || identity.withoutClientAuthUntil !== undefined;
}

function createLogLine(context: LoggingCall, facts: DecisionFacts, suppressed: number): DecisionLogLine {
  const { decision, trustRevision, trustSource, reportOnlyUntil, observation } = facts;
  return {
    certgate: logShapeVersion,
    event: 'decision',
    outcome: findOutcome(facts),
    code: decision.code,
    ...(decision.outcome === 'denied' && observation === undefined ? { status: getPublicStatus(decision.code) } : {}),
    function: context.functionName,
    correlationId: context.invocationId,
    ...describeCaller(decision),
    ...(trustRevision === undefined ? {} : { trustRevision }),
    ...(decision.code === 'certificate_not_trusted' && trustSource !== undefined ? { trustSource } : {}),
    ...describeObservation(observation),
    ...(decision.outcome === 'denied' ? { detail: decision.detail } : describeDeferral(decision, reportOnlyUntil)),
    ...(suppressed === 0 ? {} : { suppressed }),
  };
}

function describeObservation(observation: Observation | undefined): Partial<DecisionLogLine> {
  if (observation === undefined) return {};
  const { until, functionKey } = observation;
  return { observedUntil: formatInstant(until), ...(functionKey === undefined ? {} : { functionKey }) };
}

function describeDeferral({ deferred }: Admission, reportOnlyUntil: number | undefined): Partial<DecisionLogLine> {
  if (deferred === undefined) return {};
  return {
    reportOnlyCode: deferred.code,
    ...(reportOnlyUntil === undefined ? {} : { reportOnlyUntil: formatInstant(reportOnlyUntil) }),
    detail: deferred.detail,
  };
}

function describeCaller(decision: Decision): Partial<DecisionLogLine> {
  if (decision.outcome === 'allowed') {
    const { name, matchedBy, certificate, withoutClientAuthUntil: until } = decision.identity;
    return {
      identity: name,
      matchedBy,
      thumbprintSha256: certificate.thumbprintSha256,
      ...(until === undefined ? {} : { withoutClientAuthUntil: formatInstant(until) }),
    };
  }
  return {
    ...(decision.identityName === undefined ? {} : { identity: decision.identityName }),
    ...(decision.thumbprintSha256 === undefined ? {} : { thumbprintSha256: decision.thumbprintSha256 }),
  };
}
