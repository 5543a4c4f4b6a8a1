// log/: the log lines and the diagnostics channel.

import type { Admission } from '../access/decision.js';
import type { Denial } from '../denial.js';
import { DailyNotice } from './daily-notice.js';
import { type DecisionFacts, type LoggingCall, type Observation, readDenialFacts } from './decision-channel.js';
import { formatDecisionLine } from './decision-log-line.js';
import { LineBudget } from './line-budget.js';
import { SuppressedDenials } from './suppressed-denials.js';

/**
 * Which decisions are written: all, or denials and what is let through as an exception: by a report-only or observed
 * function, or by a pin that accepts a certificate without clientAuth.
 */
export const decisionLogChoices = ['all', 'denials'] as const;

/** A value of the option `decisionLog` of an adapter. */
export type DecisionLogChoice = (typeof decisionLogChoices)[number];

/** The options of `DecisionLog`. */
export interface DecisionLogOptions {
  readonly choice?: DecisionLogChoice;
  /** Milliseconds, of a clock that never goes back. */
  readonly now?: () => number;
  /** Where a line goes that belongs to no call, of level warning; by default the console. */
  readonly warn?: (line: string) => void;
}

/** How long a count waits for a line to ride on. */
const patienceMilliseconds = 60_000;

/** Writes decisions to the log of their calls. One per app, since it counts what it leaves out. */
export class DecisionLog {
  readonly #budget = new LineBudget();
  readonly #suppressed = new SuppressedDenials();
  /** By function and code of observed calls. */
  readonly #suppressedObserved = new Map<string, number>();
  /** By function, code and caller of observed calls: whoever will be refused is named, however many others are. */
  readonly #observed = new DailyNotice();
  /** By function, code and key: a caller that makes a certificate for each call crowds only those out that share its key. */
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
    // The admission has a line, which would count if this one were left out.
    const isLimited = decision.outcome === 'denied' && after !== 'allowed';
    const suppressed = isLimited ? this.#countDenial(context, decision, facts) : 0;
    if (suppressed === undefined) return false;
    context.warn(formatDecisionLine(context, facts, suppressed));
    return true;
  }

  /** How many were suppressed before this one, or undefined when this one is to be suppressed too. */
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
    // The request counts with its first refusal.
    if (after === 'denied') return isWritten ? 0 : undefined;
    if (isWritten) return this.#suppressed.take(code, identity);
    this.#suppressed.note(code, identity, decidedAt ?? Date.now());
    this.#tellLater();
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

  /** Where no line of the same kind comes to tell it. */
  #tellLater(): void {
    if (this.#isTimerSet) return;
    this.#isTimerSet = true;
    const timer = setTimeout(() => {
      this.#isTimerSet = false;
      try {
        const line = this.#suppressed.takeLine(Date.now());
        if (line !== undefined) this.#warn(line);
      } catch {
        // There is no call that could be refused for it, and nobody left to tell.
      }
    }, patienceMilliseconds);
    // A test environment's timers may have none.
    (timer as { readonly unref?: () => unknown }).unref?.();
  }
}

function warnOnConsole(line: string): void {
  console.warn(line);
}

/** The identity of the trust document that is refused; of several, the first. Undefined: anybody may have sent it. */
function findListed(denial: Denial): string | undefined {
  const { identityName, facts } = denial;
  if (identityName !== undefined) return identityName;
  // Of a stranger, who may call without end, nothing is copied.
  if (facts === undefined || !(Object.hasOwn(facts, 'isSigned') || Object.hasOwn(facts, 'identities')))
    return undefined;
  const { identities, claim } = readDenialFacts(facts);
  return identities?.[0]?.identity ?? claim?.identity;
}

/** Let through, though something speaks against it. */
function isException({ deferred, identity }: Admission): boolean {
  return deferred !== undefined || identity.withoutClientAuthUntil !== undefined;
}
