// log/: the log lines and the diagnostics channel.

import type { Admission } from '../access/decision.js';
import type { Denial } from '../denial.js';
import { DailyNotice } from './daily-notice.js';
import type { DecisionFacts, LoggingCall, Observation } from './decision-channel.js';
import { formatDecisionLine } from './decision-log-line.js';

/**
 * Which decisions are written: all, or denials and what is let through as an exception: by a report-only or observed
 * function, or by a pin that accepts a certificate without clientAuth.
 */
export const decisionLogChoices = ['all', 'denials'] as const;

/** A value of the option `decisionLog` of an adapter. */
export type DecisionLogChoice = (typeof decisionLogChoices)[number];

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
      if (this.#choice === 'all') context.log(formatDecisionLine(context, facts, 0));
      return;
    }
    const suppressed = decision.outcome === 'denied' ? this.#countDenial(context, decision, facts.observation) : 0;
    if (suppressed === undefined) return;
    context.warn(formatDecisionLine(context, facts, suppressed));
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
