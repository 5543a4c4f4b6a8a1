import type { PathBudget } from './path-budget.js';
import {
  type SignedData,
  type VerificationKey,
  isSignatureValid,
  isSignatureValidInBackground,
} from './signature-verification.js';

/** What is decoded once and kept: a CRL, an OCSP response, a certificate. */
interface Signed {
  readonly signed: SignedData;
}

const verdicts = new WeakMap<Signed, WeakMap<VerificationKey, boolean>>();

/** Lists and authorities' keys are long-lived, and a list may have megabytes: one signature is verified once. */
export function isSignedBy(signed: Signed, key: VerificationKey): boolean {
  return recallSignature(signed, key) ?? remember(signed, key, isSignatureValid(signed.signed, key));
}

/** Undefined: not verified yet. */
export function recallSignature(signed: Signed, key: VerificationKey): boolean | undefined {
  return verdicts.get(signed)?.get(key);
}

/** As `isSignedBy`, where a question has only so many signatures to spend. Undefined: none is left. */
export function isSignedWithinBudget(signed: Signed, key: VerificationKey, budget: PathBudget): boolean | undefined {
  return recallSignature(signed, key) ?? (budget.spendSignature() ? isSignedBy(signed, key) : undefined);
}

/** Verifies on another thread what `isSignedBy` will be asked for. */
export async function verifyAhead(signed: Signed, key: VerificationKey): Promise<void> {
  if (recallSignature(signed, key) === undefined) {
    remember(signed, key, await isSignatureValidInBackground(signed.signed, key));
  }
}

function remember(signed: Signed, key: VerificationKey, verdict: boolean): boolean {
  const ofSigned = verdicts.get(signed) ?? new WeakMap<VerificationKey, boolean>();
  verdicts.set(signed, ofSigned.set(key, verdict));
  return verdict;
}
