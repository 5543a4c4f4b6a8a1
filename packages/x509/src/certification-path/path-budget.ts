import type { CertificatePublicKey } from '../certificate/certificate.js';
import type { PathCertificate } from '../certificate/path-certificate.js';
import { type Signed, isSignedBy, recallSignature } from '../certificate/signature-verification.js';
import { aCount, type MemberRules } from '../encoding/own-members.js';

/**
 * Limits what one question may cost. A search for a path can be made to explode (cross-signing, hundreds of names).
 * When the budget is spent, the question is refused.
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

  /** Spends steps: one for each candidate that is looked at, more for expensive work. False if too few are left. */
  spendStep(count = 1): boolean {
    this.#steps -= count;
    return this.#steps >= 0;
  }

  /**
   * Whether something was not done because the budget ran out. Code that treats such a skipped check like a failed one,
   * as the search for a CRL's signer does, must then not give an answer.
   */
  get isExhausted(): boolean {
    return this.#steps < 0 || this.#signatures < 0 || this.#comparisons < 0;
  }

  /** Spends one signature of this weight. False if too little is left. */
  spendSignature(weight: number): boolean {
    this.#signatures -= weight;
    return this.#signatures >= 0;
  }

  /** Spends comparisons of names, or policies that are looked at. False if too few are left. */
  spendComparisons(count: number): boolean {
    this.#comparisons -= count;
    return this.#comparisons >= 0;
  }
}

/** The limits for one question: all its searches together. */
export interface PathLimits {
  readonly steps: number;
  /** The sum of the weights of the keys with which signatures of certificates are verified. */
  readonly signatures: number;
  readonly comparisons: number;
}

export const limitRules: MemberRules<PathLimits> = { steps: aCount, signatures: aCount, comparisons: aCount };

/**
 * The signatures take about fifty milliseconds if all 32 are of P-521, and half as much again with the slowest keys. A
 * path with two intermediates takes three steps and three signatures, without its revocation information.
 */
export const defaultPathLimits: PathLimits = Object.freeze({ steps: 10_000, signatures: 64, comparisons: 250_000 });

/** What a check of names or policies returns if the budget is spent. */
export const outOfBudget: { readonly outcome: 'exhausted' } = Object.freeze({ outcome: 'exhausted' });

/**
 * The cost of a verification with its key's import, in halves of a P-521 verification, rounded up. Measured in one run
 * on Node 20, 24 and 26: P-384 takes 1.0 of them, RSA 8192 0.5, and ML-DSA-87, Ed448, RSA 4096, Ed25519 and P-256 0.4
 * or less. Other kinds that OpenSSL knows take up to 4.1 (sect571r1); RSA 16384 takes 1.3, or 6 with an exponent of 64
 * bits. An `unusual` key weighs less than that, so that the longest path is still possible.
 */
const ordinary = 1;
const p521 = 2;
const unusual = 4;

function weigh(key: CertificatePublicKey): number {
  if (key.algorithm === 'rsa') return key.bits <= 8192 ? ordinary : unusual;
  if (key.algorithm !== 'ec' || key.curve === 'P-256' || key.curve === 'P-384') return ordinary;
  return key.curve === 'P-521' ? p521 : unusual;
}

/** Like `isSignedBy`, but a signature that is not remembered spends the budget. Undefined if too little is left. */
export function isSignedWithinBudget(
  signed: Signed,
  { publicKey, verificationKey }: Pick<PathCertificate, 'publicKey' | 'verificationKey'>,
  budget: PathBudget,
): boolean | undefined {
  const known = recallSignature(signed, verificationKey);
  return known ?? (budget.spendSignature(weigh(publicKey)) ? isSignedBy(signed, verificationKey) : undefined);
}
