// log/: the log lines, and the diagnostics channels of decisions and of the gate's status.

import type { Admission } from '../access/decision.js';
import type { Denial } from '../denial.js';
import { DailyNotice } from './daily-notice.js';
import { type DecisionFacts, type LoggingCall, type Observation, readDenialFacts } from './decision-channel.js';
import { formatDecisionLine } from './decision-log-line.js';
import { LineBudget } from './line-budget.js';
import { SuppressedDenials } from './suppressed-denials.js';

/**
 * Which decisions are logged: all of them, or only denials and calls that are let through as an exception. Exceptions
 * are made by a report-only or observed function, or by a pin that accepts a certificate without clientAuth.
 */
export const decisionLogChoices = ['all', 'denials'] as const;

/** A value of the option `decisionLog` of an adapter. */
export type DecisionLogChoice = (typeof decisionLogChoices)[number];

/** The options of `DecisionLog`. */
export interface DecisionLogOptions {
  readonly choice?: DecisionLogChoice;
  /** The present in milliseconds, by a clock that never goes back. */
  readonly now?: () => number;
  /** Writes a line of level warning that belongs to no call. By default, to the console. */
  readonly warn?: (line: string) => void;
}

/** How long a count waits at most for the next line of its kind before it gets a line of its own. */
const patienceMilliseconds = 60_000;

/**
 * Writes decisions to the log of their calls. An app needs exactly one, because it counts the lines that it leaves out.
 */
export class DecisionLog {
  readonly #budget = new LineBudget();
  readonly #suppressed = new SuppressedDenials();
  /** How many denied calls of observed functions were not logged, by code and function. */
  readonly #suppressedObserved = new Map<string, number>();
  /**
   * By function, code, caller and function key: which observed calls were logged today. The first call of a day of each
   * of these gets a line, up to the limit of `DailyNotice`.
   */
  readonly #observed = new DailyNotice();
  /**
   * By function, code and function key. If a caller who makes a certificate for each call has used up the limit of
   * `#observed`, the callers with another key still get a line a day together.
   */
  readonly #observedKeys = new DailyNotice();
  readonly #choice: DecisionLogChoice;
  readonly #now: () => number;
  readonly #warn: (line: string) => void;
  #isTimerSet = false;

  constructor({ choice = 'all', now = () => performance.now(), warn = warnOnConsole }: DecisionLogOptions = {}) {
    this.#choice = choice;
    this.#now = now;
    this.#warn = warn;
  }

  /** @returns whether a line was written. Throws what the context's own log throws. */
  write(context: LoggingCall, facts: DecisionFacts): boolean {
    const { decision, after } = facts;
    if (decision.outcome === 'allowed' && !isException(decision)) {
      if (this.#choice === 'all') context.log(formatDecisionLine(context, facts, 0));
      return this.#choice === 'all';
    }
    // The request's admission has a line already. If this denial had none, the log would count the request as admitted.
    const isLimited = decision.outcome === 'denied' && after !== 'allowed';
    const suppressed = isLimited ? this.#countDenial(context, decision, facts) : 0;
    if (suppressed === undefined) return false;
    context.warn(formatDecisionLine(context, facts, suppressed));
    return true;
  }

  /** How many earlier denials of this kind were not logged. Undefined if this one should not be logged either. */
  #countDenial(
    context: LoggingCall,
    denial: Denial,
    { observation, decidedAt, after }: DecisionFacts,
  ): number | undefined {
    if (observation !== undefined) return this.#countObserved(context.functionName, denial, observation);
    const { code, thumbprintSha256 } = denial;
    const identity = findListed(denial);
    const certificate = identity === undefined ? thumbprintSha256 : undefined;
    const isWritten = this.#budget.spend({ key: code, identity, certificate }, this.#now());
    // The request was already counted with its first refusal.
    if (after === 'denied') return isWritten ? 0 : undefined;
    if (isWritten) return this.#suppressed.take(code, identity);
    this.#suppressed.note(code, identity, decidedAt ?? Date.now());
    this.#writeCountsLater();
    return undefined;
  }

  #countObserved(
    functionName: string,
    { code, thumbprintSha256 }: Denial,
    { functionKey }: Observation,
  ): number | undefined {
    const now = this.#now();
    const isKeyDue = this.#observedKeys.isDue(JSON.stringify([functionName, code, functionKey]), now);
    const caller = JSON.stringify([functionName, code, thumbprintSha256, functionKey]);
    const isExempt = this.#observed.isDue(caller, now) || isKeyDue;
    const key = `${code} ${functionName}`;
    const suppressed = this.#suppressedObserved.get(key) ?? 0;
    const isWritten = this.#budget.spend({ key, isExempt }, now);
    this.#suppressedObserved.set(key, isWritten ? 0 : suppressed + 1);
    return isWritten ? suppressed : undefined;
  }

  /** Writes the counts in a line of their own later, if no line of the same kind has reported them by then. */
  #writeCountsLater(): void {
    if (this.#isTimerSet) return;
    this.#isTimerSet = true;
    const timer = setTimeout(() => {
      this.#isTimerSet = false;
      try {
        const line = this.#suppressed.takeLine(Date.now());
        if (line !== undefined) this.#warn(line);
      } catch {
        // Writing failed. No call depends on it, and there is nowhere else to report it.
      }
    }, patienceMilliseconds);
    // Timers of a test environment may have no `unref`.
    (timer as { readonly unref?: () => unknown }).unref?.();
  }
}

function warnOnConsole(line: string): void {
  console.warn(line);
}

/**
 * The trust document's identity that is refused; the first if there are several. Undefined if anybody may have sent the
 * certificate.
 */
function findListed(denial: Denial): string | undefined {
  const { identityName, facts } = denial;
  if (identityName !== undefined) return identityName;
  // The facts of an unknown caller, who may call without end, are not copied.
  if (facts === undefined || !(Object.hasOwn(facts, 'isSigned') || Object.hasOwn(facts, 'identities')))
    return undefined;
  const { identities, claim } = readDenialFacts(facts);
  return identities?.[0]?.identity ?? claim?.identity;
}

/** Whether the call was let through although there is something to report about it. */
function isException({ deferred, identity }: Admission): boolean {
  return deferred !== undefined || identity.withoutClientAuthUntil !== undefined;
}
