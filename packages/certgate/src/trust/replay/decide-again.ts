import {
  type Decision,
  type Denial,
  type DenialCode,
  type FunctionRequirement,
  getSteps,
} from '@certgate/core/internal';
import { type ComparedDocuments, findEntry, findIssuer } from './compared-documents.js';
import { findPossibleMatches, type PossibleMatches, type ProvenCaller } from './possible-matches.js';
import type { UntoldReason } from './replay-report.js';
import { type CertificateUse, decideStandIn, maximumEntries, type TrustEntry } from './stand-in.js';

/** What is asked about a call that a line tells of. */
export interface CallQuestion {
  readonly documents: ComparedDocuments;
  readonly caller: ProvenCaller;
  /** What the function asks of its callers at least, and at most; the same where it is known. */
  readonly weakest: FunctionRequirement;
  readonly strongest: FunctionRequirement;
  /** What the certificate may be used for; of several, no line tells. */
  readonly uses: readonly [CertificateUse, ...CertificateUse[]];
  /** The gate found the certificate fit at this time. */
  readonly isFit: boolean;
  readonly now: number;
}

export interface Refusal extends Pick<Denial, 'outcome' | 'code' | 'detail'> {
  /** It is refused for this, whatever no line tells. */
  readonly isOnlyReason: boolean;
  /** It is, or may be, a refusal that a report-only function lets through. */
  readonly isDeferrable: boolean;
}

/** What the proposed document makes of it. */
export type Redecision =
  | Extract<Decision, { readonly outcome: 'allowed' }>
  | Refusal
  | {
      readonly outcome: 'untold';
      readonly reason: UntoldReason;
      /** Whom it may take the caller for. */ readonly as: string | undefined;
    };

/**
 * Told only where it is the same whatever no line tells. One more match changes an admission only for the worse, and a
 * refusal of what matches not at all; so it is enough to add each possible match alone.
 */
export function decideAgain(question: CallQuestion): Redecision {
  const { documents, caller, weakest, strongest } = question;
  const matches = findPossibleMatches(documents, caller);
  const decide = (more: readonly TrustEntry[], requirement = weakest): Decision =>
    decideWith([...matches.certain.slice(0, maximumEntries - more.length), ...more], matches, question, requirement);
  const base = decide([]);
  const isKnown = matches.certain.length > 0 || isDeniedForAll(base);
  if (base.outcome === 'denied') {
    const opening = isKnown ? undefined : matches.possible.find(({ entry }) => decide([entry]).outcome === 'allowed');
    if (opening !== undefined) return untold(opening.reason, opening.entry.identity.name);
    const others = isDeniedForAll(base) ? [] : matches.possible.map(({ entry }) => decide([entry]).code);
    const all = [...matches.certain, ...matches.possible.map(({ entry }) => entry)];
    const isOpen =
      matches.mayRefuse !== undefined ||
      matches.possible.some(({ mayRefuse }) => mayRefuse) ||
      // The gate asks no authority where a pin refuses alone.
      (all.length > 1 && all.some((entry) => findIssuer(entry) !== undefined)) ||
      // Of a certificate that no pin matches and that has one of the names, the gate says what is wrong with its path.
      (base.code === 'certificate_not_trusted' && documents.after.names.size > 0);
    return {
      ...base,
      isOnlyReason: isDeniedForAll(base) || (!isOpen && others.every((code) => code === base.code)),
      isDeferrable: [base.code, ...others].some(isAboutAuthorization),
    };
  }
  const as = base.identity.name;
  const closing = matches.possible.find(({ entry, mayRefuse }) => mayRefuse || decide([entry]).outcome === 'denied');
  const reason = matches.mayRefuse ?? closing?.reason;
  if (reason !== undefined) return untold(reason, as);
  const [, ...otherUses] = question.uses;
  const isFit = question.isFit && isPathStillWalked(documents, caller, matches.certain);
  if (
    !isFit ||
    otherUses.some(
      (use) => decideWith(matches.certain, matches, { ...question, uses: [use] }, weakest).outcome === 'denied',
    )
  )
    return untold('certificate', as);
  return decide([], strongest).outcome === 'denied' ? untold('roles', as) : base;
}

function decideWith(
  entries: readonly TrustEntry[],
  { denied }: PossibleMatches,
  { documents: { after }, uses: [use], now }: CallQuestion,
  requirement: FunctionRequirement,
): Decision {
  return decideStandIn({ trust: after, entries: entries.slice(0, maximumEntries), denied, use, requirement, now });
}

function untold(reason: UntoldReason, as: string | undefined): Redecision {
  return { outcome: 'untold', reason, as };
}

/** Whatever matches. */
function isDeniedForAll({ code }: Decision): boolean {
  return code === 'trust_locked' || code === 'certificate_on_deny_list';
}

/**
 * A path processes critical extensions that are refused without one: a certificate that was fit with a path need not be so
 * without it.
 */
function isPathStillWalked(
  { before, after, changedAuthorities }: ComparedDocuments,
  { identity, matched }: ProvenCaller,
  certain: readonly TrustEntry[],
): boolean {
  if (certain.some((entry) => findIssuer(entry) !== undefined)) return true;
  if (matched.some((entry) => findIssuer(entry) !== undefined)) return false;
  const former = before.identities.find(({ name }) => name === identity);
  if (former === undefined) return true;
  const entries: readonly TrustEntry[] = [
    ...former.pins.map((pin) => ({ identity: former, pin })),
    ...former.names.map((trustName) => ({ identity: former, trustName })),
  ];
  return entries.every((entry) => {
    const issuer = findIssuer(entry);
    const now = issuer === undefined ? undefined : findEntry(after, entry);
    return issuer === undefined || (now !== undefined && findIssuer(now) === issuer && !changedAuthorities.has(issuer));
  });
}

/** Steps that no trust document has a part in. */
const stepsBefore: ReadonlySet<string> = new Set([
  'front-end',
  'http-streaming',
  'mcp-transport',
  'certificate-header',
  'client-certificate',
  'certificate-verification',
]);

/** Whether a call that was refused for this is refused whatever the document says. A pin may excuse a missing clientAuth. */
export function isAboutNoDocument(code: DenialCode): boolean {
  return code !== 'certificate_extended_key_usage_unsuitable' && getSteps(code).every((step) => stepsBefore.has(step));
}

/** Whether the refusal is one of authorization, which a report-only function lets through. */
export function isAboutAuthorization(code: string): boolean {
  return code === 'function_not_allowed' || code === 'role_missing';
}
