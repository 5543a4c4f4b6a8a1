import { verifyFinding } from '../access/authentication.js';
import type { PresentedCertificate } from '../certificate-header/certificate-header.js';
import type { Denial } from '../denial.js';
import type { AuthorityContext } from '../trust-snapshot/authority-path.js';
import { findInSnapshot } from '../trust-snapshot/find-in-snapshot.js';
import type { ConfirmedFinding, RefusedFinding, TrustFinding } from '../trust-snapshot/trust-finding.js';
import type { TrustSnapshot } from '../trust-snapshot/trust-snapshot.js';
import type { TrustStore } from '../trust-store/trust-store.js';

/** The gate's final answer about a certificate: a nomination is confirmed, unless the certificate is unfit. */
export type FullAnswer = ConfirmedFinding | RefusedFinding | Denial;

/** A snapshot's answer, with the checks that the gate makes before it confirms a nomination. */
export function answerInFull(
  snapshot: TrustSnapshot,
  certificate: PresentedCertificate,
  now: number,
  context?: AuthorityContext,
): FullAnswer {
  const finding = findInSnapshot(snapshot, certificate, now, context);
  return finding.outcome === 'nominated' ? (findUnfit(certificate, finding, now) ?? finding.confirm()) : finding;
}

/** A store's answer, with the checks that the gate makes before it confirms a nomination. */
export async function askInFull(
  store: TrustStore,
  certificate: PresentedCertificate,
  now: number,
): Promise<FullAnswer> {
  const finding = await store.find(certificate, now);
  return finding.outcome === 'nominated' ? (findUnfit(certificate, finding, now) ?? finding.confirm()) : finding;
}

function findUnfit(certificate: PresentedCertificate, finding: TrustFinding, now: number): Denial | undefined {
  const verified = verifyFinding(certificate, finding, now);
  return verified.outcome === 'denied' ? verified : undefined;
}
