import { type Decision, type Denial, type DenialCode, getPublicStatus } from '@certgate/core';
import type { InvocationContext } from '@azure/functions';
import { formatLogLine } from './log-text.js';

/** Raised with every change of the line's shape that a query could notice. */
export const logShapeVersion = 1;

/**
 * One line per decision, JSON with these keys. `outcome: "allowed"` lines are of level information, denials of level
 * warning.
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

export class DecisionLog {
  readonly #windows = new Map<DenialCode, Window>();
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  write(context: InvocationContext, decision: Decision, trustRevision: number | undefined): void {
    const suppressed = decision.outcome === 'denied' ? this.#countDenial(decision.code) : 0;
    if (suppressed === undefined) return;
    const line = createLogLine(context, decision, trustRevision, suppressed);
    if (decision.outcome === 'allowed') context.log(formatLogLine(line));
    else context.warn(formatLogLine(line));
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
    if (isLoggingContext(context)) roleLog.write(context, denial, undefined);
  } catch {
    // The refusal stands without its line: an object that was made from a context can't log, for one.
  }
}

function isLoggingContext(context: unknown): context is InvocationContext {
  return typeof context === 'object' && context !== null && 'warn' in context && typeof context.warn === 'function';
}

function createLogLine(
  context: InvocationContext,
  decision: Decision,
  trustRevision: number | undefined,
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
    ...(decision.outcome === 'denied' ? { detail: decision.detail } : {}),
    ...(suppressed === 0 ? {} : { suppressed }),
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
