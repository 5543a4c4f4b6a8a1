// check/: what an operator should know of a trust document: what is wrong in it, what ends, and pins that admit nobody.
import { type TrustSnapshot } from '@certgate/core/internal';
import { checkTrust } from './check-document.js';
import { type CheckFinding, sortFindings } from './check-finding.js';
import type { CertificateFolder } from '../import/certificate-folder.js';
import { reviewPublicIssuance } from './public-certificates.js';
import { findUnfitPins } from './unfit-pins.js';

export interface FindingOptions {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly now: number;
  readonly withinDays?: number | undefined;
  readonly folder?: CertificateFolder | undefined;
}

/** All findings of a valid document, the gravest first: one list for `trust check` and `trust view`. */
export function listFindings(
  snapshot: TrustSnapshot,
  { now, withinDays, folder }: FindingOptions,
): readonly CheckFinding[] {
  const losses = reviewPublicIssuance(snapshot, folder, now).findings;
  const inspected = checkTrust(snapshot, { now, withinDays }).map((finding) => withLoss(finding, losses));
  return sortFindings([...findUnfitPins(snapshot, folder, now), ...inspected, ...losses]);
}

/** Whoever replaces a certificate that ends should know that its successor will be refused. */
function withLoss(finding: CheckFinding, losses: readonly CheckFinding[]): CheckFinding {
  if (finding.code !== 'pin_ends_soon' || !losses.some(({ path }) => path === finding.path)) return finding;
  const { message } = finding;
  return { ...finding, message: `${message} It will lose clientAuth at renewal: see client_auth_ends_at_renewal.` };
}
