import { type SignedData, type VerificationKey, isSignatureValid } from './signature-verification.js';

/** What is decoded once and kept: a CRL, an OCSP response, a certificate. */
interface Signed {
  readonly signed: SignedData;
}

const verdicts = new WeakMap<Signed, WeakMap<VerificationKey, boolean>>();

/** Lists and authorities' keys are long-lived, and a list may have megabytes: one signature is verified once. */
export function isSignedBy(signed: Signed, key: VerificationKey): boolean {
  const known = recallSignature(signed, key);
  if (known !== undefined) return known;
  const verdict = isSignatureValid(signed.signed, key);
  const ofSigned = verdicts.get(signed) ?? new WeakMap<VerificationKey, boolean>();
  verdicts.set(signed, ofSigned.set(key, verdict));
  return verdict;
}

/** Undefined: not verified yet. */
export function recallSignature(signed: Signed, key: VerificationKey): boolean | undefined {
  return verdicts.get(signed)?.get(key);
}
