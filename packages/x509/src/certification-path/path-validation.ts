import { areNamesEqual } from '../certificate/distinguished-name.js';
import type { LeadingDotReading } from './name-location.js';
import { type NameConstraintState, constrainNames, findNameFault, unconstrainedNames } from './name-constraints.js';
import { type PathBudget, isSignedWithinBudget } from './path-budget.js';
import type { PathCertificate } from '../certificate/path-certificate.js';
import { noteOn, type PathCheck, type PathListener, type PathNote } from './path-check.js';
import { exhausted, failAt, failPath, type PathFault, type PathRole } from './path-fault.js';
import { type PolicyInputs, processPolicies } from './policy-graph.js';
import {
  type ValidationProfile,
  failUnsigned,
  firstFault,
  findProfileFault,
  findPurposeFault,
} from './validation-profile.js';

export interface PathSettings {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly now: number;
  readonly profile: ValidationProfile;
  /**
   * Object identifiers of extended key usages that every certificate of the path must allow. Empty if none is required.
   */
  readonly purposes: readonly string[];
  readonly policies: PolicyInputs;
  readonly budget: PathBudget;
  /** Default: `refuse`. */
  readonly dnsConstraintsWithLeadingDot?: LeadingDotReading | undefined;
  /** The greatest number of CA certificates between the trust anchor and the target. */
  readonly maximumIntermediates: number;
  /** The role of the last certificate. */
  readonly targetRole: 'end-entity' | 'crl-signer';
  /** Called after each check, for tools. */
  readonly onCheck?: PathListener | undefined;
}

/**
 * A valid path. It is valid in [validFrom, validUntil), in milliseconds: the intersection of its certificates'
 * validities and, in `strict`, that of the trust anchor's certificate.
 */
export interface ValidPath {
  readonly outcome: 'valid';
  /** From the certificate that the trust anchor issued to the target. */
  readonly certificates: readonly PathCertificate[];
  readonly trustAnchor: PathCertificate;
  readonly validFrom: number;
  readonly validUntil: number;
  /** RFC 5280 §6.1.5 (g): object identifiers, sorted; `2.5.29.32.0` for any policy. */
  readonly userConstrainedPolicySet: readonly string[];
}

/** What the certificates above have determined (RFC 5280 §6.1.2). */
interface PathState {
  /** The certificate whose subject and key are the working issuer name and public key. */
  readonly issuer: PathCertificate;
  /** How many more certificates that are not self-issued may follow. Infinite if no certificate limits it. */
  readonly maximumPathLength: number;
  readonly names: NameConstraintState;
}

/**
 * RFC 5280 §6.1: checks whether this path, in this order, leads from the trust anchor to the target. Revocation is not
 * checked.
 */
export function validatePath(
  certificates: readonly PathCertificate[],
  trustAnchor: PathCertificate,
  settings: PathSettings,
): ValidPath | PathFault {
  const note = noteOn(settings.onCheck, certificates, trustAnchor);
  const anchorFault = findAnchorFault(trustAnchor, settings, note);
  if (anchorFault !== undefined) return anchorFault;
  let state = beginAt(trustAnchor, settings);
  for (const [index, certificate] of certificates.entries()) {
    const role: PathRole = index === certificates.length - 1 ? settings.targetRole : 'intermediate';
    const fault = findCertificateFault(certificate, role, { state, settings, note });
    if (fault !== undefined) return fault;
    if (role === 'intermediate') state = prepareForNext(certificate, state, settings);
  }
  return concludePolicies(certificates, trustAnchor, settings, note);
}

/**
 * Makes the cheap checks, which need neither issuer nor path. `findPath` makes them before it verifies a signature with
 * the certificate's key.
 */
export function findLocalFault(
  certificate: PathCertificate,
  role: PathRole,
  { now, profile, purposes }: Pick<PathSettings, 'now' | 'profile' | 'purposes'>,
  note?: PathNote,
): PathFault | undefined {
  const say = sayOf(certificate, role, note);
  return (
    say('validity', findValidityFault(certificate, role, now)) ??
    say('certificate', findProfileFault(certificate, role, profile)) ??
    say(
      'purpose',
      firstFault(purposes, (purpose) => findPurposeFault(certificate, role, purpose)),
    )
  );
}

type Say = (check: PathCheck['check'], fault: PathFault | undefined) => PathFault | undefined;

/** Returns a function that reports a check and returns its fault. */
function sayOf(certificate: PathCertificate | undefined, role: PathRole, note: PathNote | undefined): Say {
  return (check, fault) => {
    note?.({ check, certificate, role, fault });
    return fault;
  };
}

/**
 * The standard uses only an anchor's name and key (§6.1.1 (d)). Limits in the anchor's own certificate apply as well
 * (RFC 5937): name constraints and path length in both profiles, and in `strict` also dates, uses and strength.
 */
function findAnchorFault(
  trustAnchor: PathCertificate,
  settings: PathSettings,
  note: PathNote | undefined,
): PathFault | undefined {
  return settings.profile === 'strict' ? findLocalFault(trustAnchor, 'trust-anchor', settings, note) : undefined;
}

function beginAt(trustAnchor: PathCertificate, { dnsConstraintsWithLeadingDot }: PathSettings): PathState {
  const { basicConstraints } = trustAnchor;
  return {
    issuer: trustAnchor,
    maximumPathLength: basicConstraints?.pathLength ?? Infinity,
    names: constrainNames(unconstrainedNames, trustAnchor, dnsConstraintsWithLeadingDot),
  };
}

interface PathStep {
  readonly state: PathState;
  readonly settings: PathSettings;
  readonly note: PathNote | undefined;
}

/**
 * Makes the checks of §6.1.3 for one certificate, without revocation and policies, and those of §6.1.4 about the
 * certificate itself. Expensive checks come last.
 */
function findCertificateFault(
  certificate: PathCertificate,
  role: PathRole,
  { state, settings, note }: PathStep,
): PathFault | undefined {
  const say = sayOf(certificate, role, note);
  return (
    findLocalFault(certificate, role, settings, note) ??
    say('issuer', findIssuerFault(certificate, role, state)) ??
    say('path-length', findLengthFault(certificate, role, state)) ??
    say('signature', findSignatureFault(certificate, role, state, settings.budget)) ??
    say('names', findNamesFault(certificate, role, state, settings))
  );
}

/** §4.1.2.5: both ends belong to the validity. Written so that a time that is not a number is outside. */
function findValidityFault(certificate: PathCertificate, role: PathRole, now: number): PathFault | undefined {
  const { notBefore, notAfter } = certificate;
  if (!(now >= notBefore)) return failAt('path_certificate_not_yet_valid', certificate, role, { notBefore });
  return now <= notAfter ? undefined : failAt('path_certificate_expired', certificate, role, { notAfter });
}

/** §6.1.3 (a) (4). */
function findIssuerFault(certificate: PathCertificate, role: PathRole, state: PathState): PathFault | undefined {
  if (areNamesEqual(certificate.issuer, state.issuer.subject)) return undefined;
  return failAt('path_not_found', certificate, role, { reason: 'issuer_differs' });
}

/** §6.1.3 (a) (1). */
function findSignatureFault(
  certificate: PathCertificate,
  role: PathRole,
  state: PathState,
  budget: PathBudget,
): PathFault | undefined {
  const isValid = isSignedWithinBudget(certificate, state.issuer, budget);
  if (isValid === undefined) return exhausted('signatures');
  if (isValid) return undefined;
  return failUnsigned(certificate, role, state.issuer, 'certificate_above');
}

/** §6.1.4 (l): the length includes only CA certificates that are not self-issued. */
function findLengthFault(certificate: PathCertificate, role: PathRole, state: PathState): PathFault | undefined {
  if (role !== 'intermediate' || certificate.isSelfIssued || state.maximumPathLength > 0) return undefined;
  return failAt('path_length_exceeded', certificate, role, { reason: 'path_length' });
}

/** §6.1.3 (b), (c): a self-issued certificate on the way is exempt; the target never is. */
function findNamesFault(
  certificate: PathCertificate,
  role: PathRole,
  state: PathState,
  { budget, profile }: PathSettings,
): PathFault | undefined {
  if (role === 'intermediate' && certificate.isSelfIssued) return undefined;
  const commonNamesAsHosts = role === 'end-entity' && profile === 'strict';
  const fault = findNameFault(state.names, certificate, budget, { commonNamesAsHosts });
  if (fault === undefined) return undefined;
  if (fault.outcome === 'exhausted') return exhausted('name_comparisons');
  return failAt('path_name_not_permitted', certificate, role, fault.fault);
}

/** §6.1.4 (c) to (g), (l) and (m). The policies are processed for the whole path at once. */
function prepareForNext(
  certificate: PathCertificate,
  state: PathState,
  { dnsConstraintsWithLeadingDot }: PathSettings,
): PathState {
  const { basicConstraints, isSelfIssued } = certificate;
  const remaining = isSelfIssued ? state.maximumPathLength : state.maximumPathLength - 1;
  return {
    issuer: certificate,
    maximumPathLength: Math.min(remaining, basicConstraints?.pathLength ?? Infinity),
    names: constrainNames(state.names, certificate, dnsConstraintsWithLeadingDot),
  };
}

function concludePolicies(
  certificates: readonly PathCertificate[],
  trustAnchor: PathCertificate,
  settings: PathSettings,
  note: PathNote | undefined,
): ValidPath | PathFault {
  const say = sayOf(undefined, settings.targetRole, note);
  const verdict = processPolicies(certificates, settings.policies, settings.budget);
  if (verdict.outcome !== 'accepted') {
    const fault =
      verdict.outcome === 'exhausted'
        ? exhausted('policies')
        : failPath('path_policy_not_satisfied', { reason: verdict.reason });
    return say('policies', fault) ?? fault;
  }
  say('policies', undefined);
  const bounds = settings.profile === 'strict' ? [trustAnchor, ...certificates] : certificates;
  return {
    outcome: 'valid',
    certificates,
    trustAnchor,
    validFrom: Math.max(...bounds.map(({ notBefore }) => notBefore)),
    validUntil: Math.min(...bounds.map(({ notAfter }) => notAfter + 1)),
    userConstrainedPolicySet: verdict.userConstrainedPolicySet,
  };
}
