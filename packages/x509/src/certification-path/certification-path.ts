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
import { listForeignCandidates, listVouchedCandidates } from './path-candidates.js';
import { aPathCertificate, type PathCertificate } from '../certificate/path-certificate.js';
import { noteOn, type PathListener } from './path-check.js';
import { exhausted, failAt, type PathFault, type PathFaultCode } from './path-fault.js';
import { type PathRevocation, checkRevocation, noRevocation, revocationRules } from './path-revocation.js';
import type { PathSettings, ValidPath } from './path-validation.js';
import type { CrlQuestion } from '../revocation/crl-statement.js';
import { type PolicyInputs, anyPolicyInputs, policyRules } from './policy-graph.js';
import { aProfile, type ValidationProfile } from './validation-profile.js';
import { always } from '../revocation/crl-statement.js';

/** How paths are searched and judged. */
export interface PathOptions {
  /** More certificates, besides anchors and intermediates, that may have signed a CRL. */
  readonly crlSigners?: readonly PathCertificate[];
  /**
   * Whether the operator has denied this certificate. No path may contain it; if every valid path would, the fault is
   * `certificate_on_deny_list`. If the path of a CRL's signer contains it, the CRL can only revoke.
   */
  readonly isDenied?: ((certificate: PathCertificate) => boolean) | undefined;
  /** Default: `strict`. */
  readonly profile?: ValidationProfile;
  /**
   * Object identifiers of extended key usages. Default: client authentication for an end entity in `strict`, otherwise
   * none.
   */
  readonly purposes?: readonly string[];
  /** Default: any policy is acceptable, and nothing is inhibited. */
  readonly policies?: PolicyInputs;
  /** How a DNS name constraint like `.corp.example` is read. Default: `refuse`. */
  readonly dnsConstraintsWithLeadingDot?: LeadingDotReading;
  /** The greatest number of CA certificates between trust anchor and target. Default: 10. */
  readonly maximumIntermediates?: number;
  readonly limits?: PathLimits;
  /** Called with the results of the checks of the paths that are tried. */
  readonly onCheck?: PathListener;
}

/** The inputs of RFC 5280 §6.1.1, and what a search needs besides them. */
export interface PathQuestion extends PathOptions {
  readonly target: PathCertificate;
  readonly trustAnchors: readonly PathCertificate[];
  readonly intermediates: readonly PathCertificate[];
  /**
   * CA certificates that came with the target. Anybody may have written them, so pass only a few. If the other
   * certificates lead to no path, a path may contain those candidates that an anchor or an intermediate has signed,
   * directly or through another such candidate. They are never trust anchors, and sign no CRL unless they are in the
   * path. A path with one of them needs revocation information even if `revocation` asks for it only `when-available`.
   */
  readonly candidates?: readonly PathCertificate[];
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly now: number;
  /** `'off'` checks no revocation. */
  readonly revocation: PathRevocation | 'off';
  /** Default: `end-entity`. `crl-signer` asks whether the target's lists may show that certificates are not revoked. */
  readonly targetRole?: 'end-entity' | 'crl-signer';
}

/** A path that is valid. */
export interface CertificationPath extends ValidPath {
  /**
   * [currentFrom, currentUntil) in milliseconds since 1970-01-01T00:00:00Z: while the revocation information behind it
   * is current, but at most one minute from `now` if a status is unknown and accepted, or if a responder has still to be
   * asked. Both are infinite if no revocation was checked.
   */
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

/** The question after each member has been checked. */
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
 * Is there a certification path from a trust anchor to the target that is valid at `now`, suits the purpose, and has no
 * revoked certificate? It reads no clock. The question's budget limits what hostile certificates can make it cost. It
 * doesn't check that a client's key usage has `digitalSignature`: `findCertificateFault` does.
 *
 * @throws {CertgateError} if a member of the question is missing, unknown or of another type, or if `findOcspResponses`
 * returns anything but responses; never because of what certificates, lists and responses contain.
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
    maximumIntermediates: question.maximumIntermediates ?? defaultMaximumIntermediates,
    targetRole,
    onCheck: question.onCheck,
  };
  const own = search(question, settings, noCandidates);
  // Certificates that come with a request must never change what the authority's own certificates decide, least of all
  // a revocation or a denial.
  if (own.outcome === 'valid' || own.isFinal === true || codesOfIssued.includes(own.code)) return own;
  const foreign = listForeignCandidates(question, question.candidates ?? noCandidates);
  if (foreign.length === 0) return own;
  const vouched = listVouchedCandidates(question, foreign, settings.budget);
  if (settings.budget.isExhausted) return exhausted('signatures');
  if (vouched.length === 0) return Object.freeze({ ...own, unvouchedCandidates: foreign.length });
  return search(question, settings, vouched);
}

const noCandidates: readonly PathCertificate[] = Object.freeze([]);

/** The codes of paths that are valid but for a denial, a revocation, or missing revocation information. */
const codesOfIssued: readonly PathFaultCode[] = [
  'certificate_revoked',
  'revocation_unavailable',
  'certificate_on_deny_list',
];

function search(
  question: CheckedQuestion,
  settings: PathSettings,
  candidates: readonly PathCertificate[],
): CertificationPath | PathFault {
  let current = always;
  let revocationFault: PathFault | undefined;
  let denial: PathFault | undefined;
  const verdict = findPath({
    target: question.target,
    trustAnchors: question.trustAnchors,
    intermediates: question.intermediates,
    candidates,
    settings,
    examine: (path) => {
      const cleared = examineRevocation(question, settings, path, [question.target]);
      if (cleared.outcome === 'invalid') {
        revocationFault ??= cleared;
        return cleared;
      }
      // After the revocation check: what a denied CA has revoked stays revoked, whatever other path there is.
      const denied = findDenial(question, settings, path, [path.trustAnchor, ...path.certificates]);
      denial ??= denied;
      current = cleared;
      return denied ?? path;
    },
  });
  if (verdict.outcome === 'valid')
    return { ...verdict, currentFrom: current.validFrom, currentUntil: current.validUntil };
  // A denied path shows that the authority issued the certificate. Neither a longer path nor a spent budget may hide that.
  return denial ?? (verdict.isFinal === true ? verdict : (revocationFault ?? verdict));
}

/** The fault of the first of these certificates of the path that the operator denied. */
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
  const { intermediates, trustAnchors, crlSigners = [] } = question;
  const judgeSigners = (asked: CheckedQuestion, own: PathSettings): CrlQuestion['isSignerValid'] => {
    // Remembers the answer for each signer, because one signer may have signed many lists.
    const signers = new Map<PathCertificate, boolean>();
    return (signer, then) => {
      // Here, revocations are ignored: a stolen key must not take back what its owner revoked with it. Any trust anchor
      // may vouch, because a revocation must not depend on which path is found first.
      if (then !== undefined)
        return hasSignerPath(asked, { ...own, now: then }, { signer, trustAnchors }, (each) => each);
      const ofSigner = { signer, trustAnchor: path.trustAnchor };
      const isValid = signers.get(signer) ?? isCrlSignerValid(asked, own, ofSigner, underQuestion);
      signers.set(signer, isValid);
      return isValid;
    };
  };
  const note = noteOn(settings.onCheck, path.certificates, path.trustAnchor);
  const cleared = checkRevocation({
    ...settings,
    path,
    revocation: narrowRevocation(question, settings, path),
    signers: [...new Set([...crlSigners, ...intermediates, ...trustAnchors])],
    isSignerValid: judgeSigners(question, settings),
    listener: note && {
      note,
      isSignerValid: judgeSigners(
        { ...question, revocation: { ...question.revocation, onOcspWanted: undefined } },
        { ...settings, budget: new PathBudget(question.limits) },
      ),
    },
  });
  const isRevoked = cleared.outcome === 'invalid' && cleared.code === 'certificate_revoked';
  // A list that was skipped because the budget ran out may be the one that revokes the certificate.
  return settings.budget.isExhausted && !isRevoked ? exhausted('steps') : cleared;
}

/**
 * With candidates, the caller chooses which of a CA's certificates are in the path, and may choose one under which no
 * revoking list is valid. So on such a path, `when-available` becomes `required`, and `noRevAvail` is not accepted. The
 * extension is not accepted for a signer of lists either, because it is not a caller.
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
 * The price of a signer in steps. Signers can vouch for each other in very many orders. Each needs a search for its
 * path and a look through the lists, while an ordinary question has one or two signers.
 */
const signerPrice = 50;

/**
 * RFC 5280 §6.3.3 (f): the CRL's signer needs a path of its own from the same trust anchor. If the signer's own status
 * depends on the CRL that it signed, it is not valid.
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
    // The trust anchor is not asked about here: it is the one of the path in question.
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
    settings: ofSigner,
    examine: (path) => examine(path, ofSigner),
  });
  return verdict.outcome === 'valid';
}
