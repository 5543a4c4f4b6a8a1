import type { PathCertificate } from '../certificate/path-certificate.js';
import { isBeyondRuntime } from '../certificate/signature-verification.js';
import { isSignedWithinBudget, type PathBudget } from './path-budget.js';
import { findBySubject } from './path-building.js';
import { areOctetsEqual } from '../encoding/der.js';

/** The certificates that can vouch for a candidate. */
export interface Vouchers {
  readonly trustAnchors: readonly PathCertificate[];
  readonly intermediates: readonly PathCertificate[];
}

/** Returns the candidates that the authority doesn't have itself. */
export function listForeignCandidates(
  { trustAnchors, intermediates }: Vouchers,
  candidates: readonly PathCertificate[],
): readonly PathCertificate[] {
  return candidates.filter((each) => !isAmong(trustAnchors, each) && !isAmong(intermediates, each));
}

/**
 * Returns those candidates that the authority has signed, directly or through another of them. This goes from the top
 * down, while paths are built from the target up. So certificates that an unknown caller wrote for each other, with any
 * keys and in any number, don't enter a search, unless they claim a signature that this runtime can't verify. Nothing
 * else is checked here; the path must still be valid.
 */
export function listVouchedCandidates(
  { trustAnchors, intermediates }: Vouchers,
  candidates: readonly PathCertificate[],
  budget: PathBudget,
): readonly PathCertificate[] {
  const vouched: PathCertificate[] = [];
  let waiting = candidates;
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
      // No path can be valid through it, but the search can report this reason.
      isBeyondRuntime(candidate.signed, voucher.verificationKey),
  );
}

/** Whether the list has the same certificate, octet by octet. */
function isAmong(certificates: readonly PathCertificate[], { der, subject }: PathCertificate): boolean {
  return findBySubject(certificates, subject).some((each) => areOctetsEqual(each.der, der));
}
