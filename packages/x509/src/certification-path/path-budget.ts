import type { CertificatePublicKey } from '../certificate/certificate.js';
import type { PathCertificate } from '../certificate/path-certificate.js';
import { type Signed, isSignedBy, recallSignature } from '../certificate/signature-verification.js';
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

  /** One more signature verified, of this weight; false: no more may be. */
  spendSignature(weight: number): boolean {
    this.#signatures -= weight;
    return this.#signatures >= 0;
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
  /** The sum of the weights of the keys that signatures are verified by. */
  readonly signatures: number;
  readonly comparisons: number;
}

export const limitRules: MemberRules<PathLimits> = { steps: aCount, signatures: aCount, comparisons: aCount };

/** Some fifty milliseconds at the very worst: 32 signatures by P-521. An ordinary path takes three steps and three signatures. */
export const defaultPathLimits: PathLimits = Object.freeze({ steps: 10_000, signatures: 64, comparisons: 250_000 });

/**
 * What a verification costs, the import of its key included, in halves of one by P-521, rounded up. Measured in one run, on
 * Node 20, 24 and 26: P-384 takes 1.0 of them; RSA 8192 0.5; ML-DSA-87, Ed448, RSA 4096, Ed25519 and P-256 0.4 and less.
 * The others that OpenSSL knows take up to 4.1 (sect571r1); RSA 16384 takes 1.3, or 6 with an exponent of 64 bits. An
 * `unusual` key must weigh little enough for the longest path.
 */
const weights = { ordinary: 1, p521: 2, unusual: 4 } as const;

function weigh(key: CertificatePublicKey): number {
  if (key.algorithm === 'rsa') return key.bits <= 8192 ? weights.ordinary : weights.unusual;
  if (key.algorithm !== 'ec' || key.curve === 'P-256' || key.curve === 'P-384') return weights.ordinary;
  return key.curve === 'P-521' ? weights.p521 : weights.unusual;
}

/** As `isSignedBy`, where a question has only so many signatures to spend. Undefined: none is left. */
export function isSignedWithinBudget(
  signed: Signed,
  { publicKey, verificationKey }: Pick<PathCertificate, 'publicKey' | 'verificationKey'>,
  budget: PathBudget,
): boolean | undefined {
  const known = recallSignature(signed, verificationKey);
  return known ?? (budget.spendSignature(weigh(publicKey)) ? isSignedBy(signed, verificationKey) : undefined);
}
