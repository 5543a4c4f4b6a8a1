import { type DenialCode, getPublicCode, rankDenial } from '../denial.js';
import type { MatchedIdentity } from '../denial-facts.js';
import { intersectSpans } from '../trust-snapshot/find-in-snapshot.js';
import { intersectGraces } from '../trust-snapshot/client-auth-grace.js';
import {
  concludeFinding,
  describeRefusal,
  type ConfirmedFinding,
  type FoundFinding,
  type FoundIdentity,
  type NominatedFinding,
  type NotFoundFinding,
  type RefusedFinding,
  type RefusedNomination,
  type TrustFinding,
  type UnavailableFinding,
} from '../trust-snapshot/trust-finding.js';

type Refused = RefusedFinding | RefusedNomination | UnavailableFinding;
/** The combined answer if no store refuses for good, and some have nominated an identity. */
export type OpenNomination = Omit<NominatedFinding, 'confirm'>;

/**
 * Combines several stores' answers about one certificate: *denied* and *unavailable* beat *found*, which beats *not
 * found*. If stores refuse for several reasons, `rankDenial` chooses one. Two different identities are a denial. If
 * several stores give the same answer, the text of the first is kept. A nomination may still become each of those, so
 * only a final refusal is stricter.
 */
export function combineFindings(
  findings: readonly TrustFinding[],
): Exclude<TrustFinding, NominatedFinding> | OpenNomination {
  const found = findings.filter((finding) => finding.outcome === 'found');
  const nominated = findings.filter((finding) => finding.outcome === 'nominated');
  const refusal = findRefusal(
    findings.filter((finding) => isRefused(finding)),
    found,
    nominated,
  );
  if (refusal !== undefined && (nominated.length === 0 || isFinal(refusal))) return refusal;
  return nominated.length > 0 ? describeNominations(found, nominated) : (intersect(found) ?? findNotFound(findings));
}

/** Combines the answers after every nomination was confirmed. `before` contains the answers before that. */
export function combineConfirmed(
  findings: readonly ConfirmedFinding[],
  before: readonly TrustFinding[],
): ConfirmedFinding {
  const found = findings.filter((finding) => finding.outcome === 'found');
  const nominated = before.filter((finding) => finding.outcome === 'nominated');
  const refusal = findRefusal(
    findings.filter((finding) => isRefused(finding)),
    found,
    nominated,
  );
  if (refusal !== undefined) return 'step' in refusal ? refusal : concludeFinding(refusal);
  const unproven = findings.filter(isUnproven);
  const claimed = findStrictestRefusal(unproven);
  return (
    intersect(found, unproven) ??
    (claimed === undefined ? findNotFound(findings) : { ...claimed, ...intersectSpans(unproven) })
  );
}

function findRefusal<Given extends Refused>(
  refused: readonly Given[],
  found: readonly FoundFinding[],
  nominated: readonly NominatedFinding[],
): Given | RefusedFinding | undefined {
  const named = [...nominated.flatMap(listNamed), ...refused.flatMap((each) => (isMatch(each) ? listNamed(each) : []))];
  return findStrictestRefusal<Given | RefusedFinding>([
    ...refused,
    ...listAmbiguity([...found.map(({ identity }) => identity), ...named]),
  ]);
}

function findNotFound(findings: readonly (TrustFinding | ConfirmedFinding)[]): NotFoundFinding {
  const notFound = findings.filter((finding) => finding.outcome === 'notFound');
  return notFound.find(({ detail }) => detail !== undefined) ?? { outcome: 'notFound' };
}

/** Gives an identity that a store found or else nominated; if there is none, a claim, if a store has one. */
function describeNominations(found: readonly FoundFinding[], nominated: readonly NominatedFinding[]): OpenNomination {
  const [identityName] = [
    ...found.map(({ identity }) => identity.name),
    ...nominated.flatMap((each) => each.identityName ?? []),
  ];
  const [claim] = nominated.flatMap((each) => each.claim ?? []);
  if (identityName !== undefined) return { outcome: 'nominated', identityName };
  return claim === undefined ? { outcome: 'nominated' } : { outcome: 'nominated', claim };
}

function isRefused<Given extends TrustFinding | ConfirmedFinding>(finding: Given): finding is Extract<Given, Refused> {
  return (finding.outcome === 'denied' && !isUnproven(finding)) || finding.outcome === 'unavailable';
}

/** Looks for an own member: with `isUnproven` on Object.prototype, every refusal would give way to other answers. */
function isUnproven(finding: TrustFinding | ConfirmedFinding): finding is RefusedNomination {
  return finding.outcome === 'denied' && Object.hasOwn(finding, 'isUnproven');
}

/** The strictest refusal, by `rankDenial`; if two are equal, the first. */
function findStrictestRefusal<Each extends Refused>(refusals: readonly Each[]): Each | undefined {
  const [strictest] = [...refusals].sort((one, other) => rankDenial(codeOf(one)) - rankDenial(codeOf(other)));
  return strictest;
}

/** Whether the answers of other stores may still refuse the certificate, or refuse it for good. */
export function mayBeRefused(finding: ConfirmedFinding): boolean {
  return finding.outcome === 'found' || (isRefused(finding) && !isFinal(finding));
}

/**
 * Whether a refusal is final. A refusal that only says "unavailable" is not: the result of a nomination may replace it.
 * A locked document is the exception, because then nothing is looked up.
 */
function isFinal(finding: Refused): boolean {
  const code = codeOf(finding);
  return code === 'trust_locked' || getPublicCode(code) !== 'unavailable';
}

function codeOf(finding: Refused): DenialCode {
  return finding.outcome === 'unavailable' ? 'trust_unavailable' : finding.code;
}

function listAmbiguity(identities: readonly PartialIdentity[]): readonly RefusedFinding[] {
  const [first, ...others] = identities;
  const stranger = first && others.find((identity) => !isSameIdentity(identity, first));
  if (first === undefined || stranger === undefined) return [];
  const facts = { identities: [first, stranger].map(describeIdentity), isAcrossStores: true } as const;
  return [{ outcome: 'denied', ...describeRefusal('identity_ambiguous', facts) }];
}

/**
 * Whether the refusal is about what the certificate matched: an ambiguous identity, or an identity or a pin that is not
 * in force.
 */
function isMatch(finding: Refused): finding is RefusedFinding | RefusedNomination {
  return finding.outcome === 'denied' && /^(?:identity|pin)_/.test(finding.code);
}

/** The identity that a pin names is known before its authority is asked; its roles are not. */
function listNamed({ identityName }: { readonly identityName?: string }): readonly PartialIdentity[] {
  return identityName === undefined ? [] : [{ name: identityName }];
}

type PartialIdentity = Pick<FoundIdentity, 'name'> & Partial<FoundIdentity>;

/** Gives only the name. The pins and names that matched are left out, because each store has its own. */
function describeIdentity({ name }: PartialIdentity): MatchedIdentity {
  return { identity: name, pins: [], names: [] };
}

/**
 * Whether two identities have the same name, roles and functions, to the letter. If the roles of one are not known yet,
 * only the names are compared. The roles of two stores are neither combined nor chosen from, because no document
 * contains the result. The owner is only logged, so it may differ.
 */
function isSameIdentity(one: PartialIdentity, other: PartialIdentity): boolean {
  if (one.name !== other.name || one.roles === undefined || other.roles === undefined) return one.name === other.name;
  return isSameSet(one.roles, other.roles) && isSameSet(one.functions ?? null, other.functions ?? null);
}

function isSameSet(one: readonly string[] | null, other: readonly string[] | null): boolean {
  if (one === null || other === null) return one === other;
  return one.every((item) => other.includes(item)) && other.every((item) => one.includes(item));
}

/**
 * The combined answer of the stores that found the identity. It is valid while all their answers are, and while the
 * claims in `unproven` stay unproven.
 */
function intersect(
  found: readonly FoundFinding[],
  unproven: readonly RefusedNomination[] = [],
): FoundFinding | undefined {
  const [first] = found;
  if (first === undefined) return undefined;
  const grace = intersectGraces(found.map(({ acceptWithoutClientAuth }) => acceptWithoutClientAuth));
  const authorities = found.flatMap(({ pathAuthorities = [] }) => pathAuthorities);
  return {
    ...first,
    validFrom: Math.max(...found.map(({ validFrom = Number.NEGATIVE_INFINITY }) => validFrom)),
    validUntil: Math.min(...found.map(({ validUntil = Number.POSITIVE_INFINITY }) => validUntil)),
    ...intersectSpans([...found, ...unproven]),
    ...(authorities.length === 0 ? {} : { pathAuthorities: authorities }),
    acceptWithoutClientAuth: grace,
    // If any store validated a path, the path's critical extensions were processed, like in one document.
    ...(found.some(({ isPathValidated }) => isPathValidated === true) ? { isPathValidated: true } : {}),
  };
}
