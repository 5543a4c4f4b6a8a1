import type { PathCertificate } from '../certificate/path-certificate.js';
import { isBeyondRuntime } from '../certificate/signature-verification.js';
import { isSignedWithinBudget, type PathBudget } from './path-budget.js';
import { findBySubject } from './path-building.js';

/** What can vouch for a candidate. */
export interface Vouchers {
  readonly trustAnchors: readonly PathCertificate[];
  readonly intermediates: readonly PathCertificate[];
}

/**
 * Of the CA certificates that came with a target, those that the authority has signed, or another of them that it has.
 * From the top down, while paths are built from the target up: no key but the authority's verifies anything here, so
 * certificates that a stranger wrote for each other, with whatever keys and in whatever number, never enter a search.
 * Nothing else is checked; a path has still to hold.
 */
export function listVouchedCandidates(
  { trustAnchors, intermediates }: Vouchers,
  candidates: readonly PathCertificate[],
  budget: PathBudget,
): readonly PathCertificate[] {
  const vouched: PathCertificate[] = [];
  let waiting = candidates.filter((each) => !isAmong(trustAnchors, each) && !isAmong(intermediates, each));
  let vouchers = [trustAnchors, intermediates];
  while (waiting.length > 0) {
    const found = waiting.filter((each) => vouchers.some((list) => isSignedByOneOf(list, each, budget)));
    if (found.length === 0 || budget.isExhausted) break;
    vouched.push(...found);
    waiting = waiting.filter((each) => !found.includes(each));
    vouchers = [found];
  }
  return vouched;
}

function isSignedByOneOf(
  vouchers: readonly PathCertificate[],
  candidate: PathCertificate,
  budget: PathBudget,
): boolean {
  if (!budget.spendStep()) return false;
  return findBySubject(vouchers, candidate.issuer).some(
    (voucher) =>
      isSignedWithinBudget(candidate, voucher, budget) === true ||
      // No path leads over it, but its search ends with the reason.
      isBeyondRuntime(candidate.signed, voucher.verificationKey),
  );
}

/** The same certificate, to the octet. */
function isAmong(certificates: readonly PathCertificate[], { der, subject }: PathCertificate): boolean {
  return findBySubject(certificates, subject).some((each) => Buffer.compare(each.der, der) === 0);
}
