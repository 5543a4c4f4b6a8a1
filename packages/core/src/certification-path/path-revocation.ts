import type { CertificateRevocationList } from './certificate-revocation-list.js';
import { findCrlStatus } from './crl-processing.js';
import type { OcspResponse } from './ocsp-response.js';
import { findOcspStatus } from './ocsp-verification.js';
import type { PathCertificate } from './path-certificate.js';
import { type PathFault, failPath, failPathFinally } from './path-fault.js';
import type { ValidPath } from './path-validation.js';
import type { RevocationStatus } from './revocation-status.js';
import { type PathRole, type ValidationProfile, describe, isAlgorithmAccepted } from './validation-profile.js';

/**
 * What an authority's operator asks: `required` (no information: no entry), `when-available` (what is known to be revoked
 * is refused, what isn't known passes), or `off`.
 */
export type RevocationMode = 'required' | 'when-available' | 'off';

/** Whose status counts: every certificate below the trust anchor, or the caller's alone. */
export type RevocationScope = 'chain' | 'end-entity';

export interface PathRevocation {
  readonly mode: RevocationMode;
  readonly scope: RevocationScope;
  /** How long past its nextUpdate a CRL or an OCSP answer still counts. */
  readonly graceMilliseconds: number;
  readonly crls: readonly CertificateRevocationList[];
  readonly ocspResponses: readonly OcspResponse[];
}

export interface RevocationQuestion {
  readonly path: ValidPath;
  readonly revocation: PathRevocation;
  /** Certificates, beside those of the path, that may have signed a CRL. */
  readonly signers: readonly PathCertificate[];
  /** Does a path lead from the same trust anchor to this signer, and is he not revoked? */
  readonly isSignerValid: (signer: PathCertificate) => boolean;
  readonly profile: ValidationProfile;
  readonly now: number;
}

/** When the information behind the answer was current: [validFrom, validUntil) in milliseconds. */
export interface RevocationCleared {
  readonly outcome: 'cleared';
  readonly validFrom: number;
  readonly validUntil: number;
}

/** RFC 5280 §6.3 and RFC 6960 for a whole path. One that is revoked is told before one of which nothing is known. */
export function checkRevocation(question: RevocationQuestion): RevocationCleared | PathFault {
  const { path, revocation } = question;
  let cleared: RevocationCleared = {
    outcome: 'cleared',
    validFrom: Number.NEGATIVE_INFINITY,
    validUntil: Number.POSITIVE_INFINITY,
  };
  let unavailable: PathFault | undefined;
  if (revocation.mode === 'off') return cleared;
  for (const [index, certificate] of path.certificates.entries()) {
    const role: PathRole = index === path.certificates.length - 1 ? 'end-entity' : 'intermediate';
    if (role === 'intermediate' && revocation.scope === 'end-entity') continue;
    const status = findStatus(question, certificate, path.certificates[index - 1] ?? path.trustAnchor);
    if (status.status === 'revoked') return describeRevoked(certificate, role, status);
    if (status.status === 'unknown') unavailable ??= describeUnknown(certificate, role, status.detail);
    else
      cleared = {
        outcome: 'cleared',
        validFrom: Math.max(cleared.validFrom, status.validFrom),
        validUntil: Math.min(cleared.validUntil, status.validUntil),
      };
  }
  return unavailable !== undefined && revocation.mode === 'required' ? unavailable : cleared;
}

/** Either way of asking may say "revoked"; where neither does, one that says "good" suffices. */
function findStatus(
  { revocation, path, signers, isSignerValid, profile, now }: RevocationQuestion,
  certificate: PathCertificate,
  issuer: PathCertificate,
): RevocationStatus {
  const { graceMilliseconds, crls, ocspResponses } = revocation;
  const common = {
    certificate,
    issuer,
    profile,
    now,
    graceMilliseconds,
    isAlgorithmAccepted: (algorithm: PathCertificate['signatureAlgorithm']) => isAlgorithmAccepted(algorithm, profile),
  };
  const byList = findCrlStatus({
    ...common,
    crls,
    signers: [issuer, ...path.certificates.slice(0, -1), path.trustAnchor, ...signers],
    isSignerValid,
  });
  if (byList.status === 'revoked' || ocspResponses.length === 0) return byList;
  const byResponse = findOcspStatus({ ...common, responses: ocspResponses });
  if (byResponse.status === 'revoked') return byResponse;
  if (byResponse.status === 'good') return byList.status === 'good' ? laterOf(byList, byResponse) : byResponse;
  if (byList.status === 'good') return byList;
  return { status: 'unknown', detail: crls.length === 0 ? byResponse.detail : `${byList.detail} ${byResponse.detail}` };
}

type Good = Extract<RevocationStatus, { status: 'good' }>;

/** Both are good: the answer holds as long as either does, and both hold now. */
function laterOf(left: Good, right: Good): Good {
  return left.validUntil >= right.validUntil ? left : right;
}

function describeRevoked(
  certificate: PathCertificate,
  role: PathRole,
  { reason, revokedAt }: Extract<RevocationStatus, { status: 'revoked' }>,
): PathFault {
  const at = Number.isFinite(revokedAt) ? ` since ${new Date(revokedAt).toISOString()}` : '';
  const fail = role === 'end-entity' ? failPathFinally : failPath;
  return fail('certificate_revoked', `${describe(certificate, role)} is revoked${at} (${reason}).`);
}

function describeUnknown(certificate: PathCertificate, role: PathRole, detail: string): PathFault {
  return failPath(
    'revocation_unavailable',
    `${describe(certificate, role)}: whether it is revoked can't be said. ${detail}`,
  );
}
