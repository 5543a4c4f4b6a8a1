// log/: the log lines and the diagnostics channel.

import {
  type Admission,
  type Decision,
  type Denial,
  type DenialCode,
  formatInstant,
  getPublicStatus,
} from '@certgate/core';
import type { DecisionFacts } from './decision-channel.js';
import { formatLogLine } from './log-text.js';

/** An invocation as the log needs it; every invocation context of `@azure/functions` is one. */
export interface LoggingCall {
  readonly functionName: string;
  readonly invocationId: string;
  log(line: string): void;
  warn(line: string): void;
}

/** Which decisions are written: all, or denials and what a report-only function lets through. */
export const decisionLogChoices = ['all', 'denials'] as const;

export type DecisionLogChoice = (typeof decisionLogChoices)[number];

/** Raised with every change of the line's shape that a query could notice. */
export const logShapeVersion = 1;

/**
 * One line per decision, JSON with these keys. `outcome: "allowed"` lines are of level information, denials and what was
 * let through because the function is report-only of level warning.
 */
export interface DecisionLogLine {
  readonly certgate: typeof logShapeVersion;
  readonly event: 'decision';
  readonly outcome: 'allowed' | 'denied';
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
  readonly detail?: string;
  /** How many denials of this code were not logged since the last line of this code. */
  readonly suppressed?: number;
}

/** Denials that are logged per code and minute; the rest is counted. Strangers must not fill the log. */
const linesPerWindow = 20;
const windowMilliseconds = 60_000;

interface Window {
  readonly startedAt: number;
  readonly lines: number;
  readonly suppressed: number;
}

interface DecisionLogOptions {
  readonly choice?: DecisionLogChoice;
  /** Milliseconds, of a clock that never goes back. */
  readonly now?: () => number;
}

export class DecisionLog {
  readonly #windows = new Map<DenialCode, Window>();
  readonly #choice: DecisionLogChoice;
  readonly #now: () => number;

  constructor({ choice = 'all', now = () => performance.now() }: DecisionLogOptions = {}) {
    this.#choice = choice;
    this.#now = now;
  }

  write(context: LoggingCall, facts: DecisionFacts): void {
    const { decision } = facts;
    if (decision.outcome === 'allowed' && decision.deferred === undefined) {
      if (this.#choice === 'all') context.log(formatLogLine(createLogLine(context, facts, 0)));
      return;
    }
    const suppressed = decision.outcome === 'denied' ? this.#countDenial(decision.code) : 0;
    if (suppressed === undefined) return;
    context.warn(formatLogLine(createLogLine(context, facts, suppressed)));
  }

  /** How many were suppressed before this one, or undefined when this one is to be suppressed too. */
  #countDenial(code: DenialCode): number | undefined {
    const now = this.#now();
    const window = this.#windows.get(code);
    if (window === undefined || now - window.startedAt >= windowMilliseconds) {
      this.#windows.set(code, { startedAt: now, lines: 1, suppressed: 0 });
      return window?.suppressed ?? 0;
    }
    if (window.lines < linesPerWindow) {
      this.#windows.set(code, { ...window, lines: window.lines + 1 });
      return 0;
    }
    this.#windows.set(code, { ...window, suppressed: window.suppressed + 1 });
    return undefined;
  }
}

/** Roles are decided by wrappers, which know no gate; they share one log. */
const roleLog = new DecisionLog();

export function logRoleDenial(context: unknown, denial: Denial): void {
  try {
    if (isLoggingContext(context)) roleLog.write(context, { decision: denial });
  } catch {
    // The refusal stands without its line: an object that was made from a context can't log, for one.
  }
}

function isLoggingContext(context: unknown): context is LoggingCall {
  return typeof context === 'object' && context !== null && 'warn' in context && typeof context.warn === 'function';
}

function createLogLine(
  context: LoggingCall,
  { decision, trustRevision, trustSource, reportOnlyUntil }: DecisionFacts,
  suppressed: number,
): DecisionLogLine {
  return {
    certgate: logShapeVersion,
    event: 'decision',
    outcome: decision.outcome,
    code: decision.code,
    ...(decision.outcome === 'denied' ? { status: getPublicStatus(decision.code) } : {}),
    function: context.functionName,
    correlationId: context.invocationId,
    ...describeCaller(decision),
    ...(trustRevision === undefined ? {} : { trustRevision }),
    ...(decision.code === 'certificate_not_trusted' && trustSource !== undefined ? { trustSource } : {}),
    ...(decision.outcome === 'denied' ? { detail: decision.detail } : describeDeferral(decision, reportOnlyUntil)),
    ...(suppressed === 0 ? {} : { suppressed }),
  };
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
    const { name, matchedBy, certificate } = decision.identity;
    return { identity: name, matchedBy, thumbprintSha256: certificate.thumbprintSha256 };
  }
  return {
    ...(decision.identityName === undefined ? {} : { identity: decision.identityName }),
    ...(decision.thumbprintSha256 === undefined ? {} : { thumbprintSha256: decision.thumbprintSha256 }),
  };
}
