// certification-path/: finding and validating a path to a trust anchor (RFC 5280 §6.1, RFC 9618).

import { clientAuthentication } from '../certificate/certificate-verification.js';
import { type LeadingDotReading, leadingDotReadings } from './name-location.js';
import {
  aFunction,
  type ArgumentRule,
  aWholeNumber,
  anInstant,
  anObject,
  anObjectIdentifier,
  listOf,
  type MemberRules,
  oneOf,
  optional,
  readMembers,
} from '../encoding/own-members.js';
import { limitRules, PathBudget, type PathLimits } from './path-budget.js';
import { findPath } from './path-building.js';
import { listVouchedCandidates } from './path-candidates.js';
import { aPathCertificate, type PathCertificate } from '../certificate/path-certificate.js';
import { noteOn, type PathListener } from './path-check.js';
import { exhausted, failAt, type PathFault, type PathFaultCode } from './path-fault.js';
import { type PathRevocation, checkRevocation, noRevocation, revocationRules } from './path-revocation.js';
import type { PathSettings, ValidPath } from './path-validation.js';
import { type PolicyInputs, anyPolicyInputs, policyRules } from './policy-graph.js';
import { aProfile, type ValidationProfile } from './validation-profile.js';

/** How a path is searched and judged. */
export interface PathOptions {
  /** Certificates that may have signed a CRL, beside anchors and intermediates. */
  readonly crlSigners?: readonly PathCertificate[];
  /**
   * Has the operator denied this certificate? No path leads through it; if every valid path would, the fault is
   * `certificate_on_deny_list`. A CRL whose signer's path leads through it only revokes.
   */
  readonly isDenied?: ((certificate: PathCertificate) => boolean) | undefined;
  /** Default `strict`. */
  readonly profile?: ValidationProfile;
  /** Object identifiers of extended key usages; default: client authentication in `strict`, none in `rfc5280`. */
  readonly purposes?: readonly string[];
  /** Default: any policy will do, and nothing is inhibited. */
  readonly policies?: PolicyInputs;
  /** How a DNS name constraint like `.corp.example` is read; default `refuse`. */
  readonly dnsConstraintsWithLeadingDot?: LeadingDotReading;
  /** CA certificates between trust anchor and target; default 10. */
  readonly maximumIntermediates?: number;
  readonly limits?: PathLimits;
  /** Hears each check of each path that is tried. */
  readonly onCheck?: PathListener;
}

/** RFC 5280 §6.1.1, and what a search needs beside it. */
export interface PathQuestion extends PathOptions {
  readonly target: PathCertificate;
  readonly trustAnchors: readonly PathCertificate[];
  readonly intermediates: readonly PathCertificate[];
  /**
   * CA certificates that came with the target, which anybody may have written: give a few. Where the others lead to no
   * path, those of them that an anchor or intermediate has signed, or one that it has, may be part of one. They are never
   * trust anchors, sign no CRL but as members of the path, and what they have issued needs revocation information also
   * where `revocation` asks for it `when-available`.
   */
  readonly candidates?: readonly PathCertificate[];
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly now: number;
  /** `'off'`: whether anything is revoked isn't asked. */
  readonly revocation: PathRevocation | 'off';
  /** Default `end-entity`. `crl-signer`: may the target's lists show that certificates are not revoked? */
  readonly targetRole?: 'end-entity' | 'crl-signer';
}

/** A path that was validated. */
export interface CertificationPath extends ValidPath {
  /** [currentFrom, currentUntil) in milliseconds: while the revocation information behind it is current. */
  readonly currentFrom: number;
  readonly currentUntil: number;
}

const defaultMaximumIntermediates = 10;

const certificates = listOf(aPathCertificate);
export const pathOptionRules: MemberRules<PathOptions> = {
  crlSigners: optional(certificates),
  isDenied: optional(aFunction),
  profile: optional(aProfile),
  purposes: optional(listOf(anObjectIdentifier)),
  policies: optional(anObject),
  dnsConstraintsWithLeadingDot: optional(oneOf(leadingDotReadings)),
  maximumIntermediates: optional(aWholeNumber),
  limits: optional(anObject),
  onCheck: optional(aFunction),
};
export const offOrObject: ArgumentRule = {
  words: '"off", or an object',
  holds: (value) => value === 'off' || typeof value === 'object',
};
const questionRules: MemberRules<PathQuestion> = {
  ...pathOptionRules,
  target: aPathCertificate,
  trustAnchors: certificates,
  intermediates: certificates,
  candidates: optional(certificates),
  now: anInstant,
  revocation: offOrObject,
  targetRole: optional(oneOf(['end-entity', 'crl-signer'])),
};

/** As it was given, each member known to be one. */
interface CheckedQuestion extends Omit<PathQuestion, 'revocation'> {
  readonly revocation: PathRevocation;
}

function readQuestion(given: PathQuestion): CheckedQuestion {
  const question = readMembers(given, 'The question of findCertificationPath', questionRules);
  const { revocation, policies, limits } = question;
  return {
    ...question,
    revocation:
      revocation === 'off'
        ? noRevocation
        : readMembers(revocation, 'The revocation of findCertificationPath', revocationRules),
    ...(policies && { policies: readMembers(policies, 'The policies of findCertificationPath', policyRules) }),
    ...(limits && { limits: readMembers(limits, 'The limits of findCertificationPath', limitRules) }),
  };
}

/**
 * Is there a certification path from a trust anchor to the target, good for its purpose now, with nothing revoked on it?
 * A pure function of its question, whose budget bounds what hostile certificates can make it cost. Of a client's key usage
 * it says nothing: `findCertificateFault` does.
 *
 * @throws {CertgateError} for a question that has a member of another kind or name, or none that it needs; never for what
 * certificates, lists and responses say.
 *
 * @example
 * ```ts
 * import { type PathCertificate, findCertificationPath } from '@certgate/x509/path';
 *
 * export function isIssuedBelow(root: PathCertificate, target: PathCertificate) {
 *   const question = { target, trustAnchors: [root], intermediates: [], now: Date.now(), revocation: 'off' } as const;
 *   return findCertificationPath(question).outcome === 'valid';
 * }
 * ```
 */
export function findCertificationPath(given: PathQuestion): CertificationPath | PathFault {
  const question = readQuestion(given);
  const { profile = 'strict', targetRole = 'end-entity', limits } = question;
  const isClient = profile === 'strict' && targetRole === 'end-entity';
  const settings: PathSettings = {
    now: question.now,
    profile,
    purposes: question.purposes ?? (isClient ? [clientAuthentication] : []),
    policies: question.policies ?? anyPolicyInputs,
    budget: new PathBudget(limits),
    dnsConstraintsWithLeadingDot: question.dnsConstraintsWithLeadingDot,
    targetRole,
    onCheck: question.onCheck,
  };
  const { candidates = noCandidates } = question;
  const own = search(question, settings, noCandidates);
  // Nothing that comes with a request changes what the authority's own certificates say, least of all what was taken back.
  if (own.outcome === 'valid' || own.isFinal === true || takenBack.includes(own.code)) return own;
  if (candidates.length === 0) return own;
  const vouched = listVouchedCandidates(question, candidates, settings.budget);
  if (settings.budget.isExhausted) return exhausted('signatures');
  if (vouched.length === 0) return Object.freeze({ ...own, unvouchedCandidates: candidates.length });
  return search(question, settings, vouched);
}

const noCandidates: readonly PathCertificate[] = Object.freeze([]);

/** Codes of a path that is valid but for a denial, or for what is known, or not known, of revocations on it. */
const takenBack: readonly PathFaultCode[] = [
  'certificate_revoked',
  'revocation_unavailable',
  'certificate_on_deny_list',
];

function search(
  question: CheckedQuestion,
  settings: PathSettings,
  candidates: readonly PathCertificate[],
): CertificationPath | PathFault {
  let current = { validFrom: Number.NEGATIVE_INFINITY, validUntil: Number.POSITIVE_INFINITY };
  let revocationFault: PathFault | undefined;
  let denial: PathFault | undefined;
  const verdict = findPath({
    target: question.target,
    trustAnchors: question.trustAnchors,
    intermediates: question.intermediates,
    candidates,
    maximumIntermediates: question.maximumIntermediates ?? defaultMaximumIntermediates,
    settings,
    examine: (path) => {
      const cleared = examineRevocation(question, settings, path, [question.target]);
      if (cleared.outcome === 'invalid') {
        revocationFault ??= cleared;
        return cleared;
      }
      // After revocation: what a denied CA has revoked stays revoked, whatever other path there is.
      const denied = findDenial(question, settings, path, [path.trustAnchor, ...path.certificates]);
      denial ??= denied;
      current = cleared;
      return denied ?? path;
    },
  });
  if (verdict.outcome === 'valid')
    return { ...verdict, currentFrom: current.validFrom, currentUntil: current.validUntil };
  // Such a path shows that the authority issued the certificate: no longer path hides that, nor a budget that is spent.
  return denial ?? (verdict.isFinal === true ? verdict : (revocationFault ?? verdict));
}

/** The first of these certificates of the path that the operator denied. */
function findDenial(
  { isDenied }: CheckedQuestion,
  { targetRole }: PathSettings,
  { trustAnchor, certificates: path }: ValidPath,
  asked: readonly PathCertificate[],
): PathFault | undefined {
  const denied = isDenied && asked.find((each) => isDenied(each));
  if (denied === undefined) return undefined;
  const role = denied === trustAnchor ? 'trust-anchor' : denied === path.at(-1) ? targetRole : 'intermediate';
  return failAt('certificate_on_deny_list', denied, role, {});
}

function examineRevocation(
  question: CheckedQuestion,
  settings: PathSettings,
  path: ValidPath,
  underQuestion: readonly PathCertificate[],
): ReturnType<typeof checkRevocation> {
  const { now, intermediates, trustAnchors, crlSigners = [] } = question;
  // One signer may have signed many lists; it is asked about once.
  const signers = new Map<PathCertificate, boolean>();
  const isSignerValid = (signer: PathCertificate, then?: number): boolean => {
    // Whatever is revoked: a stolen key must not take back what its owner revoked with it. From any trust anchor: which path
    // comes first must not decide whether a revocation counts.
    if (then !== undefined)
      return hasSignerPath(question, { ...settings, now: then }, { signer, trustAnchors }, (each) => each);
    const ofSigner = { signer, trustAnchor: path.trustAnchor };
    const isValid = signers.get(signer) ?? isCrlSignerValid(question, settings, ofSigner, underQuestion);
    signers.set(signer, isValid);
    return isValid;
  };
  const cleared = checkRevocation({
    path,
    revocation: narrowRevocation(question, settings, path),
    signers: [...new Set([...crlSigners, ...intermediates, ...trustAnchors])],
    isSignerValid,
    profile: settings.profile,
    now,
    budget: settings.budget,
    note: noteOn(settings.onCheck, path.certificates, path.trustAnchor),
  });
  const isRevoked = cleared.outcome === 'invalid' && cleared.code === 'certificate_revoked';
  // A list that was passed over for want of budget may be the one that says "revoked".
  return settings.budget.isExhausted && !isRevoked ? exhausted('steps') : cleared;
}

/**
 * Which of a CA's certificates stand in the path, the caller has chosen: also one under which no list counts that says
 * "revoked". So what isn't known is no reason to let anybody in there, nor what such a CA says of its lists. A signer of
 * lists is no caller, whatever it says of itself.
 */
function narrowRevocation(
  { revocation, candidates = noCandidates }: CheckedQuestion,
  { targetRole }: PathSettings,
  path: ValidPath,
): PathRevocation {
  const isAmong = path.certificates.some((certificate) => candidates.includes(certificate));
  if (!isAmong && targetRole === 'end-entity') return revocation;
  const mode = isAmong && revocation.mode === 'when-available' ? 'required' : revocation.mode;
  return { ...revocation, mode, noRevAvailMaximumLifetimeMilliseconds: undefined };
}

/**
 * In steps. Signers may vouch for each other in as many orders as there are; each has a path to be found and lists to be
 * gone through, and an ordinary question has one or two.
 */
const signerPrice = 50;

/**
 * RFC 5280 §6.3.3 (f): the CRL's signer needs a path of its own, from the same trust anchor. Where its own status depends on
 * the CRL that it signed, nobody vouches for it: closed.
 */
function isCrlSignerValid(
  question: CheckedQuestion,
  settings: PathSettings,
  { signer, trustAnchor }: { readonly signer: PathCertificate; readonly trustAnchor: PathCertificate },
  underQuestion: readonly PathCertificate[],
): boolean {
  if (signer === trustAnchor) return true;
  if (underQuestion.includes(signer)) return false;
  return hasSignerPath(question, settings, { signer, trustAnchors: [trustAnchor] }, (path, ofSigner) => {
    // Not the trust anchor, which is that of the path in question.
    const denied = findDenial(question, ofSigner, path, path.certificates);
    if (denied !== undefined) return denied;
    const cleared = examineRevocation(question, ofSigner, path, [...underQuestion, signer]);
    return cleared.outcome === 'cleared' ? path : cleared;
  });
}

/** A certificate that may have signed a CRL, and the trust anchors that its path may lead to. */
interface CrlSigner {
  readonly signer: PathCertificate;
  readonly trustAnchors: readonly PathCertificate[];
}

function hasSignerPath(
  question: CheckedQuestion,
  settings: PathSettings,
  { signer, trustAnchors }: CrlSigner,
  examine: (path: ValidPath, ofSigner: PathSettings) => ValidPath | PathFault,
): boolean {
  if (!settings.budget.spendStep(signerPrice)) return false;
  const ofSigner: PathSettings = { ...settings, purposes: [], targetRole: 'crl-signer', onCheck: undefined };
  const verdict = findPath({
    target: signer,
    trustAnchors,
    intermediates: question.intermediates,
    candidates: noCandidates,
    maximumIntermediates: question.maximumIntermediates ?? defaultMaximumIntermediates,
    settings: ofSigner,
    examine: (path) => examine(path, ofSigner),
  });
  return verdict.outcome === 'valid';
}
