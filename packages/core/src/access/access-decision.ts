import {
  type AuthorizationDenial,
  findAuthorizationDenial,
  type FunctionRequirement,
  isReportOnly,
} from './authorization.js';
import type { AuthorityContext } from '../trust-snapshot/authority-path.js';
import { readCertificateHeader } from '../certificate-header/certificate-header.js';
import { findCertificateFault, type ClientCertificate } from '@certgate/x509';
import { type ClientIdentity, createClientIdentity } from './client-identity.js';
import { type Denial, deny } from '../denial.js';
import { copyOwn } from '../encoding/known-options.js';
import { type PresentedCertificate, presentCertificate } from '../trust-snapshot/presented-certificate.js';
import { type RevocationInformation, noRevocationInformation } from '@certgate/x509/path';
import { findInSnapshot } from '../trust-snapshot/find-in-snapshot.js';
import type { TrustFinding } from '../trust-snapshot/trust-finding.js';
import type { TrustSnapshot } from '../trust-snapshot/trust-snapshot.js';

export interface Admission {
  readonly outcome: 'allowed';
  readonly code: 'allowed';
  readonly identity: ClientIdentity;
  /** The refusal that was let through, since the function is report-only now. Absent: nothing was to refuse. */
  readonly deferred?: AuthorizationDenial;
}

/** Discriminated by `code`: `allowed`, or the one reason to refuse. */
export type Decision = Admission | Denial;

/** In place of a document that could not be read, or that no store of the app would take. */
export interface UnavailableTrust {
  /** One sentence for the operator. */
  readonly unavailable: string;
}

export interface AccessQuestion {
  /** The certificate header's text as it arrived. */
  readonly header: string | null | undefined;
  /** Or why there is no document to decide by. */
  readonly trust: TrustSnapshot | UnavailableTrust;
  /** CRLs and OCSP answers. Absent: none, so an authority that requires them lets nobody in. */
  readonly revocation?: RevocationInformation;
  readonly requirement: FunctionRequirement;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly now: number;
  /** Hears each step as it ends; for explaining a decision. */
  readonly onStep?: (step: DecisionStep) => void;
  /** Hears each check of each certification path that is tried. */
  readonly onPathCheck?: AuthorityContext['onCheck'];
}

export interface DecisionStep {
  readonly step:
    | 'certificate-header'
    | 'trust-store'
    | 'client-certificate'
    | 'certificate-verification'
    | 'certification-path'
    | 'client-identity'
    | 'authorization';
  readonly denial: Denial | undefined;
  /** At `authorization`: the refusal that was let through. */
  readonly deferred?: AuthorizationDenial;
}

/**
 * May the bearer of this header call this function? A pure function of its question: no clock, no cache, no network.
 * The gate takes the same steps, with a trust store in place of the snapshot and a memory in front.
 */
export function decideAccess(question: AccessQuestion): Decision {
  const own = copyOwn(question);
  const { header, trust, revocation = noRevocationInformation, requirement, now, onStep, onPathCheck } = own;
  // Every comparison with a time that is no number is false.
  if (!Number.isFinite(now)) return deny('internal_fault', 'The time of the call is not a number.');

  const reading = note(onStep, 'certificate-header', readCertificateHeader(header));
  if (reading.outcome === 'denied') return reading;

  const presented = presentCertificate(reading.der);
  const finding: TrustFinding = isUnavailable(trust)
    ? { outcome: 'unavailable', detail: trust.unavailable }
    : findInSnapshot(trust, presented, now, { revocation, onCheck: onPathCheck });
  const authentication = authenticate(presented, finding, now, onStep);
  if (authentication.outcome === 'denied') return authentication;

  return authorize(authentication.identity, requirement, now, onStep);
}

function isUnavailable(trust: TrustSnapshot | UnavailableTrust): trust is UnavailableTrust {
  return Object.hasOwn(trust, 'unavailable');
}

/**
 * A certificate's identity, with the interval in which nothing that led to it changes, revocation information included:
 * [validFrom, validUntil).
 */
export interface Authentication {
  readonly outcome: 'authenticated';
  readonly identity: ClientIdentity;
  readonly validFrom: number;
  readonly validUntil: number;
}

/** From a trust store's finding to an identity. A certificate that nobody knows is never parsed. */
export function authenticate(
  presented: PresentedCertificate,
  finding: TrustFinding,
  now: number,
  onStep?: StepListener,
): Authentication | Denial {
  const { thumbprintSha256 } = presented;

  // What a finding leaves out is absent, whatever somebody put on Object.prototype. A stranger's says next to nothing.
  const trusted = readTrust(finding.outcome === 'found' ? copyOwn(finding) : finding, thumbprintSha256, now);
  if (trusted.outcome === 'denied') return noteStoreDenial(onStep, trusted);
  note(onStep, 'trust-store', passed);
  const known = { identityName: trusted.identity.name, thumbprintSha256 };

  const decoded = note(onStep, 'client-certificate', readCertificate(presented, known));
  if (decoded.outcome === 'denied') return decoded;

  const { certificate } = decoded;
  const isPathValidated = trusted.isPathValidated === true && isPathProcessed(presented);
  const unfit = findCertificateFault(certificate, now, { isPathValidated });
  if (unfit !== undefined) return note(onStep, 'certificate-verification', deny(unfit.code, unfit.detail, known));
  note(onStep, 'certificate-verification', passed);
  if (isPathValidated) note(onStep, 'certification-path', passed);

  note(onStep, 'client-identity', passed);
  const { identity, matchedBy, validFrom = Number.NEGATIVE_INFINITY, validUntil = Number.POSITIVE_INFINITY } = trusted;
  const { currentFrom = Number.NEGATIVE_INFINITY, currentUntil = Number.POSITIVE_INFINITY } = trusted;
  return {
    outcome: 'authenticated',
    identity: createClientIdentity(identity, certificate, matchedBy, validFrom, validUntil),
    validFrom: Math.max(certificate.notBefore, validFrom, currentFrom),
    // notAfter belongs to the certificate's validity (RFC 5280 §4.1.2.5); our intervals end before their end.
    validUntil: Math.min(certificate.notAfter + 1, validUntil, currentUntil),
  };
}

/** From an identity to the decision; runs at every request, whatever was remembered of the certificate. */
export function authorize(
  identity: ClientIdentity,
  requirement: FunctionRequirement,
  now: number,
  onStep?: StepListener,
): Decision {
  const denial = findAuthorizationDenial(identity, requirement);
  if (denial === undefined || !isReportOnly(requirement, now))
    return note(onStep, 'authorization', denial ?? { outcome: 'allowed', code: 'allowed', identity });
  onStep?.({ step: 'authorization', denial: undefined, deferred: denial });
  return { outcome: 'allowed', code: 'allowed', identity, deferred: denial };
}

type StepListener = (step: DecisionStep) => void;
type Found = Extract<TrustFinding, { outcome: 'found' }>;

const passed = { outcome: 'passed' } as const;

function note<T extends { readonly outcome: string }>(
  onStep: StepListener | undefined,
  step: DecisionStep['step'],
  result: T,
): T {
  onStep?.({ step, denial: isDenial(result) ? result : undefined });
  return result;
}

function isDenial(result: { readonly outcome: string }): result is Denial {
  return result.outcome === 'denied';
}

/** The steps between a store's match and its refusal: one that asked an authority has decoded and verified before. */
const stepsBeforePath = ['trust-store', 'client-certificate', 'certificate-verification'] as const;

/** A store refuses for what it found, or for what came of a path that it had to look for; the code tells which. */
function noteStoreDenial(onStep: StepListener | undefined, denial: Denial): Denial {
  const { code } = denial;
  if (code.startsWith('path_') || code === 'certificate_revoked' || code === 'revocation_unavailable') {
    for (const step of stepsBeforePath) note(onStep, step, passed);
    return note(onStep, 'certification-path', denial);
  }
  if (code === 'certificate_malformed') {
    note(onStep, 'trust-store', passed);
    return note(onStep, 'client-certificate', denial);
  }
  const isVerification =
    code.startsWith('certificate_') && !['certificate_not_trusted', 'certificate_on_deny_list'].includes(code);
  if (!isVerification) return note(onStep, 'trust-store', denial);
  note(onStep, 'trust-store', passed);
  note(onStep, 'client-certificate', passed);
  return note(onStep, 'certificate-verification', denial);
}

function readTrust(finding: TrustFinding, thumbprintSha256: string, now: number): Found | Denial {
  switch (finding.outcome) {
    case 'found':
      return findIntervalDenial(finding, thumbprintSha256, now) ?? finding;
    case 'denied':
      return deny(finding.code, finding.detail, {
        thumbprintSha256,
        ...(finding.identityName === undefined ? {} : { identityName: finding.identityName }),
      });
    case 'notFound':
      return deny(
        'certificate_not_trusted',
        finding.detail ??
          // A line of the log is no reason to let anybody in: whoever calls chooses what stands there.
          'No identity of the trust document has this certificate, and anybody can send one: before you add it, compare its thumbprint with the one that the owner of the caller gives you over another channel.',
        { thumbprintSha256 },
      );
    case 'unavailable':
      return deny('trust_unavailable', finding.detail, { thumbprintSha256 });
  }
}

/** A store of the user's own may answer with an interval that is not now. */
function findIntervalDenial(
  { identity, validFrom, validUntil, currentFrom, currentUntil }: Found,
  thumbprintSha256: string,
  now: number,
): Denial | undefined {
  const known = { identityName: identity.name, thumbprintSha256 };
  if ((currentFrom !== undefined && !(now >= currentFrom)) || (currentUntil !== undefined && !(now < currentUntil)))
    return deny('revocation_unavailable', `The revocation information on "${identity.name}" is not current.`, known);
  if (validFrom !== undefined && !(now >= validFrom))
    return deny('pin_not_yet_valid', `What admits "${identity.name}" has not begun.`, known);
  if (validUntil !== undefined && !(now < validUntil))
    return deny('pin_expired', `What admitted "${identity.name}" has ended.`, known);
  return undefined;
}

/** A store of the user's own may say that it validated a path; what no path validation processes stays refused. */
function isPathProcessed({ pathDecoding }: PresentedCertificate): boolean {
  return pathDecoding.ok && pathDecoding.value.unknownCriticalExtensions.length === 0;
}

function readCertificate(
  { decoding }: PresentedCertificate,
  known: Pick<Denial, 'identityName' | 'thumbprintSha256'>,
): { readonly outcome: 'decoded'; readonly certificate: ClientCertificate } | Denial {
  if (decoding.ok) return { outcome: 'decoded', certificate: decoding.certificate };
  return deny('certificate_malformed', `The bytes are pinned, but they are no certificate: ${decoding.fault}.`, known);
}
