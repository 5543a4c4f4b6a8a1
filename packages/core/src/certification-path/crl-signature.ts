import type { CertificateRevocationList } from './certificate-revocation-list.js';
import { type VerificationKey, isSignatureValid } from './signature-verification.js';

const verdicts = new WeakMap<CertificateRevocationList, WeakMap<VerificationKey, boolean>>();

/** Lists and authorities' keys are long-lived, and a list may have megabytes: one signature is verified once. */
export function isCrlSignedBy(crl: CertificateRevocationList, key: VerificationKey): boolean {
  const known = recallCrlSignature(crl, key);
  if (known !== undefined) return known;
  const verdict = isSignatureValid(crl.signed, key);
  const ofList = verdicts.get(crl) ?? new WeakMap<VerificationKey, boolean>();
  verdicts.set(crl, ofList.set(key, verdict));
  return verdict;
}

/** Undefined: not verified yet. */
export function recallCrlSignature(crl: CertificateRevocationList, key: VerificationKey): boolean | undefined {
  return verdicts.get(crl)?.get(key);
}
