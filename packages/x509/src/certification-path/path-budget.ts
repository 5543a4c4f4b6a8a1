import {
  type Signed,
  type VerificationKey,
  isSignedBy,
  recallSignature,
} from '../certificate/signature-verification.js';

import { aCount, type MemberRules } from '../encoding/own-members.js';

/**
 * What one question may cost at most. Building a path is a search that certificates can be made to blow up (cross-signing,
 * hundreds of names): past its budget a question is refused, it never runs on.
 */
export class PathBudget {
  #steps: number;
  #signatures: number;
  #comparisons: number;

  constructor(limits: PathLimits = defaultPathLimits) {
    this.#steps = limits.steps;
    this.#signatures = limits.signatures;
    this.#comparisons = limits.comparisons;
  }

  /** One more candidate looked at, or something as expensive as so many; false: no more may be. */
  spendStep(count = 1): boolean {
    this.#steps -= count;
    return this.#steps >= 0;
  }

  /**
   * Has something been left undone for want of budget? Whoever takes a check that wasn't made for one that failed, as the
   * search for a CRL's signer does, must not come to an answer by it.
   */
  get isExhausted(): boolean {
    return this.#steps < 0 || this.#signatures < 0 || this.#comparisons < 0;
  }

  /** One more signature verified; false: no more may be. */
  spendSignature(): boolean {
    return --this.#signatures >= 0;
  }

  /** So many names compared, or policies looked at; false: no more may be. */
  spendComparisons(count: number): boolean {
    this.#comparisons -= count;
    return this.#comparisons >= 0;
  }
}

/** How much a search may cost. */
export interface PathLimits {
  readonly steps: number;
  readonly signatures: number;
  readonly comparisons: number;
}

export const limitRules: MemberRules<PathLimits> = { steps: aCount, signatures: aCount, comparisons: aCount };

/**
 * Some hundred milliseconds at the very worst: a signature by P-521, the most expensive one, takes more than one. An ordinary path takes three
 * steps and three signatures.
 */
export const defaultPathLimits: PathLimits = Object.freeze({ steps: 10_000, signatures: 64, comparisons: 250_000 });

/** As `isSignedBy`, where a question has only so many signatures to spend. Undefined: none is left. */
export function isSignedWithinBudget(signed: Signed, key: VerificationKey, budget: PathBudget): boolean | undefined {
  return recallSignature(signed, key) ?? (budget.spendSignature() ? isSignedBy(signed, key) : undefined);
}
