import {
  aDuration,
  aFunction,
  expectArgument,
  listOf,
  type MemberRules,
  oneOf,
  optional,
} from '../encoding/own-members.js';
import { aRevocationList, type CertificateRevocationList } from '../revocation/certificate-revocation-list.js';
import { findCrlStatus } from '../revocation/crl-status.js';
import { askResponses, type OcspInquiry, ocspResponses } from '../revocation/ocsp-status.js';
import type { OcspResponse } from '../revocation/ocsp-response.js';
import { findNoRevAvailObstacle, type NoRevAvailObstacle } from '../certificate/no-rev-avail.js';
import type { PathCertificate } from '../certificate/path-certificate.js';
import type { PathNote } from './path-check.js';
import { failAt, failFinally, type PathFault, type PathRole } from './path-fault.js';
import type { PathBudget } from './path-budget.js';
import type { PathSettings, ValidPath } from './path-validation.js';
import { listRevocationEvidence } from '../revocation/revocation-evidence.js';
import type { RevocationGap, RevocationStatus } from '../revocation/revocation-status.js';
import { type ValidationProfile, isAlgorithmAccepted } from './validation-profile.js';
import { always, type CrlQuestion, intersect, type ValidityInterval } from '../revocation/crl-statement.js';

/**
 * The revocation modes of an authority. `required` refuses a certificate without information. `when-available` refuses
 * only what is known to be revoked. `off` checks nothing.
 */
export const revocationModes = ['required', 'when-available', 'off'] as const;

/** The certificates whose status is checked: every one below the trust anchor, or only the caller's. */
export const revocationScopes = ['chain', 'end-entity'] as const;

/**
 * Whether a certificate without revocation information is refused (`required`), accepted (`when-available`), or never
 * checked (`off`).
 */
export type RevocationMode = (typeof revocationModes)[number];
/**
 * Which certificates of a path are checked for revocation: all below the trust anchor (`chain`), or only the last one
 * (`end-entity`).
 */
export type RevocationScope = (typeof revocationScopes)[number];

/** The revocation information for a path, and how it is used. */
export interface PathRevocation {
  readonly mode: RevocationMode;
  readonly scope: RevocationScope;
  /** How many milliseconds a CRL or an OCSP answer is still used after its nextUpdate. */
  readonly graceMilliseconds: number;
  readonly crls: readonly CertificateRevocationList[];
  /** More lists, which can only revoke, such as one that is older than the list in use. Default: none. */
  readonly revokingCrls?: readonly CertificateRevocationList[] | undefined;
  /**
   * The longest lifetime, in milliseconds, of an end-entity certificate whose `noRevAvail` (RFC 9608) is accepted. It
   * then needs no revocation information, and no responder is asked, unless an OCSP answer says that the certificate is
   * on hold. If it is known to be revoked, it is refused anyway. Undefined if the extension excuses nothing.
   */
  readonly noRevAvailMaximumLifetimeMilliseconds?: number | undefined;
  /** Returns answers that may be about this certificate. */
  readonly findOcspResponses: (certificate: PathCertificate) => readonly OcspResponse[];
  /** Called with each certificate whose responder would have to be asked. Undefined if there is no responder. */
  readonly onOcspWanted?: ((certificate: PathCertificate, issuer: PathCertificate) => void) | undefined;
  /** Says for the operator why there is less information than there should be. Undefined if nothing is missing. */
  readonly findFault?: ((certificate: PathCertificate) => string | undefined) | undefined;
}

export const revocationRules: MemberRules<PathRevocation> = {
  mode: oneOf(revocationModes),
  scope: oneOf(revocationScopes),
  graceMilliseconds: aDuration,
  crls: listOf(aRevocationList),
  revokingCrls: optional(listOf(aRevocationList)),
  noRevAvailMaximumLifetimeMilliseconds: optional(aDuration),
  findOcspResponses: aFunction,
  onOcspWanted: optional(aFunction),
  findFault: optional(aFunction),
};

/** The revocation information of a question that checks no revocation. */
export const noRevocation: PathRevocation = Object.freeze({
  mode: 'off',
  scope: 'chain',
  graceMilliseconds: 0,
  crls: Object.freeze([]),
  findOcspResponses: () => [],
});

export interface RevocationQuestion {
  readonly path: ValidPath;
  readonly revocation: PathRevocation;
  /** Certificates, besides those of the path, that may have signed a CRL. */
  readonly signers: readonly PathCertificate[];
  /** See `CrlQuestion`. */
  readonly isSignerValid: CrlQuestion['isSignerValid'];
  readonly profile: ValidationProfile;
  readonly targetRole: PathSettings['targetRole'];
  readonly now: number;
  /** Limits the name comparisons. If absent, they are not limited. */
  readonly budget?: PathBudget | undefined;
  /**
   * Called with each certificate that is looked up. Its own `isSignerValid` spends another budget and asks no
   * responder, because a listener must not change the answer.
   */
  readonly listener?: { readonly note: PathNote; readonly isSignerValid: CrlQuestion['isSignerValid'] } | undefined;
}

/**
 * While the information behind the answer is current: [validFrom, validUntil) in milliseconds since
 * 1970-01-01T00:00:00Z.
 */
export interface RevocationCleared extends ValidityInterval {
  readonly outcome: 'cleared';
}

/** A certificate of a path whose revocation is checked, and the certificate that issued it. */
interface RevocationSubject {
  readonly certificate: PathCertificate;
  readonly issuer: PathCertificate;
  readonly role: PathRole;
  /** Why the certificate needs revocation information. Undefined if it needs none, because of `noRevAvail`. */
  readonly noRevAvailObstacle: NoRevAvailObstacle | undefined;
}

/** How far a responder's clock may be ahead of ours: an answer is made while the question waits, by another clock. */
export const ocspClockSkewMilliseconds: number = 5 * 60_000;

/**
 * How long an answer is used if a status is unknown, but not a reason to refuse, or if a responder has still to be
 * asked.
 */
const unknownForMilliseconds = 60_000;

/**
 * RFC 5280 §6.3 and RFC 6960 for a whole path. A revoked certificate is reported before one whose status is unknown.
 */
export function checkRevocation(question: RevocationQuestion): RevocationCleared | PathFault {
  const { path, revocation, targetRole } = question;
  let cleared: RevocationCleared = { outcome: 'cleared', ...always };
  let unavailable: PathFault | undefined;
  if (revocation.mode === 'off') return cleared;
  for (const [index, certificate] of path.certificates.entries()) {
    const role: PathRole = index === path.certificates.length - 1 ? targetRole : 'intermediate';
    if (role === 'intermediate' && revocation.scope === 'end-entity') continue;
    const issuer = path.certificates[index - 1] ?? path.trustAnchor;
    const member: RevocationSubject = {
      certificate,
      issuer,
      role,
      // A CA certificate always has an obstacle.
      noRevAvailObstacle: findNoRevAvailObstacle(certificate, revocation.noRevAvailMaximumLifetimeMilliseconds),
    };
    const questions = askAbout(question, member);
    const status = findStatus(question, member, questions);
    const fault = findFaultIn(question, member, status);
    noteStatus(question, member, status, fault);
    if (fault !== undefined && status.status === 'revoked') return fault;
    unavailable ??= fault;
    const current =
      status.status === 'good'
        ? status
        : { validFrom: question.now, validUntil: question.now + unknownForMilliseconds };
    cleared = { outcome: 'cleared', ...intersect(cleared, current) };
  }
  return unavailable ?? cleared;
}

interface StatusQuestions {
  readonly byLists: CrlQuestion;
  readonly byResponses: OcspInquiry;
}

function askAbout(question: RevocationQuestion, { certificate, issuer }: RevocationSubject): StatusQuestions {
  const { revocation, path, signers, isSignerValid, profile, now, budget } = question;
  const { crls, revokingCrls, graceMilliseconds } = revocation;
  const byLists: CrlQuestion = {
    certificate,
    issuer,
    profile,
    now,
    graceMilliseconds,
    isAlgorithmAccepted: (algorithm) => isAlgorithmAccepted(algorithm, profile),
    crls,
    revokingCrls,
    signers: [issuer, ...path.certificates.slice(0, -1), path.trustAnchor, ...signers],
    isSignerValid,
    spendComparisons: budget && ((count: number) => budget.spendComparisons(count)),
  };
  const findStatusInLists = (each: PathCertificate): string => findCrlStatus({ ...byLists, certificate: each }).status;
  const responses = revocation.findOcspResponses(certificate);
  expectArgument(responses, ocspResponses, 'What findOcspResponses returns');
  const byResponses: OcspInquiry = {
    certificate,
    issuer,
    profile,
    now,
    graceMilliseconds,
    isAlgorithmAccepted: byLists.isAlgorithmAccepted,
    responses,
    clockSkewMilliseconds: ocspClockSkewMilliseconds,
    // RFC 6960 §4.2.2.2.1: a responder without ocsp-nocheck is looked up in the lists. If there are none, the profile
    // decides.
    isResponderGood: crls.length === 0 ? undefined : (each) => findStatusInLists(each) === 'good',
    isResponderRevoked: (each) => findStatusInLists(each) === 'revoked',
  };
  return { byLists, byResponses };
}

/** Lists and responses can both revoke. If neither does, one that says "good" suffices. */
function findStatus(
  { revocation, now }: RevocationQuestion,
  { certificate, issuer, role, noRevAvailObstacle }: RevocationSubject,
  { byLists, byResponses }: StatusQuestions,
): RevocationStatus {
  const { crls, findFault } = revocation;
  const isExempt = noRevAvailObstacle === undefined;
  // RFC 9608 §2: no list and no responder will ever have the status of an exempt certificate.
  const onOcspWanted = isExempt ? undefined : revocation.onOcspWanted;
  const byList = findCrlStatus(byLists);
  if (byList.status === 'revoked') return byList;
  const byResponse = askResponses(byResponses);
  if (byResponse.status === 'revoked') {
    // A certificate on hold may come back, and only an answer shows that.
    if (byResponse.reason === 'certificateHold') revocation.onOcspWanted?.(certificate, issuer);
    return byResponse;
  }
  if (byResponse.status === 'good' && isGoodWithoutGrace(byResponses)) return byResponse;
  // If no answer is good and current, the responder of a caller or a CRL's signer is asked, and that of a CA only if no
  // list clears the CA.
  const isAskedAbout = onOcspWanted !== undefined && (role !== 'intermediate' || byList.status !== 'good');
  if (isAskedAbout) onOcspWanted(certificate, issuer);
  const good = byResponse.status === 'good' ? byResponse : byList;
  if (good.status === 'good') return isAskedAbout ? holdBriefly(good, now) : good;
  const fault = findFault?.(certificate);
  const gaps: readonly RevocationGap[] = [
    ...(isExempt ? [exemption] : []),
    ...(crls.length > 0 || onOcspWanted === undefined ? good.gaps : []),
    ...(byResponses.responses.length > 0 && byResponse.status === 'unknown' ? byResponse.gaps : []),
    ...(fault === undefined ? [] : [{ reason: 'source', fault } as const]),
  ];
  return { status: 'unknown', gaps };
}

const exemption: RevocationGap = Object.freeze({ reason: 'no_rev_avail' });

/** The grace is for a responder that can't be reached, so the responder must be asked before the grace is used. */
function isGoodWithoutGrace(byResponses: OcspInquiry): boolean {
  if (byResponses.graceMilliseconds === 0) return true;
  return askResponses({ ...byResponses, graceMilliseconds: 0 }).status === 'good';
}

function noteStatus(
  question: RevocationQuestion,
  member: RevocationSubject,
  status: RevocationStatus,
  fault: PathFault | undefined,
): void {
  const { listener } = question;
  if (listener === undefined) return;
  const { certificate, role } = member;
  const { byLists, byResponses } = askAbout({ ...question, ...listener, budget: undefined }, member);
  const evidence = listRevocationEvidence(byLists, byResponses);
  listener.note({ check: 'revocation', certificate, role, fault, revocation: { status, evidence } });
}

function findFaultIn(
  { revocation }: RevocationQuestion,
  member: RevocationSubject,
  status: RevocationStatus,
): PathFault | undefined {
  if (status.status === 'revoked') return failRevoked(member, status);
  if (status.status === 'good' || revocation.mode !== 'required') return undefined;
  return member.noRevAvailObstacle === undefined ? undefined : failUnavailable(member, status.gaps);
}

type Good = Extract<RevocationStatus, { status: 'good' }>;

/** Shortens the answer, because the responder has not answered yet, and its answer must not wait for the next list. */
function holdBriefly(good: Good, now: number): Good {
  return { ...good, validUntil: Math.min(good.validUntil, now + unknownForMilliseconds) };
}

function failRevoked(
  { certificate, role }: RevocationSubject,
  { reason, revokedAt }: Extract<RevocationStatus, { status: 'revoked' }>,
): PathFault {
  const at = Number.isFinite(revokedAt) ? revokedAt : undefined;
  const fault = failAt('certificate_revoked', certificate, role, { revoked: { at, reason } });
  return role === 'intermediate' ? fault : failFinally(fault);
}

function failUnavailable(
  { certificate, role, noRevAvailObstacle }: RevocationSubject,
  gaps: readonly RevocationGap[],
): PathFault {
  const noRevAvail = certificate.hasNoRevAvail && noRevAvailObstacle;
  return failAt('revocation_unavailable', certificate, role, { gaps, ...(noRevAvail && { noRevAvail }) });
}
