import { authorize } from './authorization.js';
import { concludeIdentity, note, verifyFinding } from './authentication.js';
import type { Decision, FunctionRequirement, StepListener } from './decision.js';
import { readCertificateHeader } from '../certificate-header/certificate-header.js';
import { deny } from '../denial.js';
import { copyOwn } from '@certgate/x509/internal';
import { type RevocationInformation, noRevocationInformation } from '../trust-snapshot/revocation-information.js';
import type { AuthorityContext } from '../trust-snapshot/authority-path.js';
import { findInSnapshot, type SnapshotFinding } from '../trust-snapshot/find-in-snapshot.js';
import type { TrustSnapshot } from '../trust-snapshot/trust-snapshot.js';

export type { DecisionStep } from './decision.js';

/** Replaces a trust document that could not be read, or that no store of the app would accept. */
export interface UnavailableTrust {
  /** One sentence for the operator. */
  readonly unavailable: string;
}

/** The input of a decision. */
export interface AccessQuestion {
  /** The certificate header's text as it arrived. */
  readonly header: string | null | undefined;
  /** The trust document to decide by, or why there is none. */
  readonly trust: TrustSnapshot | UnavailableTrust;
  /**
   * Certificate revocation lists and OCSP responses. If they are absent, a certification path that needs revocation
   * information is refused.
   */
  readonly revocation?: RevocationInformation;
  readonly requirement: FunctionRequirement;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly now: number;
  /** Is called with each step as it ends, for explaining a decision. */
  readonly onStep?: StepListener;
  /** Is called with each check of each certification path that is tried for the caller's certificate. */
  readonly onPathCheck?: AuthorityContext['onCheck'];
}

/**
 * Decides whether the bearer of this header may call this function. It reads no clock, sends nothing over the network,
 * and remembers no decision. The gate takes the same steps, but it asks a trust store instead of a snapshot and has a
 * memory in front.
 */
export function decideAccess(question: AccessQuestion): Decision {
  const own = copyOwn(question);
  const { header, trust, revocation = noRevocationInformation, requirement, now, onStep, onPathCheck } = own;
  // `now < end` and `now >= begin` are both false for a time that is not a number.
  if (!Number.isFinite(now)) return deny('internal_fault', { problem: 'time_not_a_number' });

  const reading = note(onStep, 'certificate-header', readCertificateHeader(header));
  if (reading.outcome === 'denied') return reading;

  const { certificate: presented } = reading;
  const finding: SnapshotFinding = isUnavailable(trust)
    ? { outcome: 'unavailable', detail: trust.unavailable }
    : findInSnapshot(trust, presented, now, { revocation, onCheck: onPathCheck });
  const verified = verifyFinding(presented, finding, now, onStep);
  if (verified.outcome === 'denied') return verified;
  const confirmed = finding.outcome === 'nominated' ? finding.confirm() : undefined;
  const authentication = concludeIdentity(verified, confirmed, now, onStep);
  if (authentication.outcome === 'denied') return authentication;

  return authorize(authentication.identity, requirement, now, onStep);
}

function isUnavailable(trust: TrustSnapshot | UnavailableTrust): trust is UnavailableTrust {
  return Object.hasOwn(trust, 'unavailable');
}
