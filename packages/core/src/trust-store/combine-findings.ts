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
/** No store refuses for good, and some have nominated somebody. */
export type OpenNomination = Omit<NominatedFinding, 'confirm'>;

/**
 * What several stores' answers about one certificate come to, whatever order they stand in: *denied* beats *unavailable*
 * beats *found* beats *not found*. Two identities are a denial. Where several say the same, the text of the first is kept.
 * A nomination may become each of those, so that only a denial is stricter. A document that is locked is stricter than all.
 * What only claims to be an authority's is *not found*, with a reason of its own.
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

/** The same once every nomination was confirmed. `before` are the answers until then. */
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
  const unissued = findings.filter(isUnissued);
  const claimed = findStrictest(unissued);
  return (
    intersect(found, unissued) ??
    (claimed === undefined ? findNotFound(findings) : { ...claimed, ...intersectSpans(unissued) })
  );
}

function findRefusal<Given extends Refused>(
  refused: readonly Given[],
  found: readonly FoundFinding[],
  nominated: readonly NominatedFinding[],
): Given | RefusedFinding | undefined {
  const named = [...nominated.flatMap(listNamed), ...refused.flatMap((each) => (isMatch(each) ? listNamed(each) : []))];
  return findStrictest<Given | RefusedFinding>([
    ...refused,
    ...listAmbiguity([...found.map(({ identity }) => identity), ...named]),
  ]);
}

function findNotFound(findings: readonly (TrustFinding | ConfirmedFinding)[]): NotFoundFinding {
  const notFound = findings.filter((finding) => finding.outcome === 'notFound');
  return notFound.find(({ detail }) => detail !== undefined) ?? { outcome: 'notFound' };
}

/** Whom the first store names; a claim only where none does. */
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
  return (finding.outcome === 'denied' && !isUnissued(finding)) || finding.outcome === 'unavailable';
}

/** By a member of its own: with one on Object.prototype, every refusal would give way. */
function isUnissued(finding: TrustFinding | ConfirmedFinding): finding is RefusedNomination {
  return finding.outcome === 'denied' && Object.hasOwn(finding, 'isUnissued');
}

/** Of several, the one that counts; of equals, the first. */
function findStrictest<Each extends Refused>(refusals: readonly Each[]): Each | undefined {
  const [strictest] = [...refusals].sort((one, other) => rankDenial(codeOf(one)) - rankDenial(codeOf(other)));
  return strictest;
}

/** Whether what other stores say may still refuse it, or refuse it for good. */
export function isOpen(finding: ConfirmedFinding): boolean {
  return finding.outcome === 'found' || (isRefused(finding) && !isFinal(finding));
}

/** What can't be decided now may be decided by what a nomination comes to, unless nothing is to be looked up at all. */
function isFinal(finding: Refused): boolean {
  const code = codeOf(finding);
  return code === 'trust_locked' || getPublicCode(code) !== 'unavailable';
}

function codeOf(finding: Refused): DenialCode {
  return finding.outcome === 'unavailable' ? 'trust_unavailable' : finding.code;
}

function listAmbiguity(identities: readonly NamedIdentity[]): readonly RefusedFinding[] {
  const [first, ...others] = identities;
  const stranger = first && others.find((identity) => !isSameIdentity(identity, first));
  if (first === undefined || stranger === undefined) return [];
  const facts = { identities: [first, stranger].map(describeIdentity), isAcrossStores: true } as const;
  return [{ outcome: 'denied', ...describeRefusal('identity_ambiguous', facts) }];
}

/** A pin or an identity that is not in force has matched anyway. */
function isMatch(finding: Refused): finding is RefusedFinding | RefusedNomination {
  return finding.outcome === 'denied' && /^(?:identity|pin)_/.test(finding.code);
}

/** Whose pin it is stands before its authority is asked; the roles do not. */
function listNamed({ identityName }: { readonly identityName?: string }): readonly NamedIdentity[] {
  return identityName === undefined ? [] : [{ name: identityName }];
}

type NamedIdentity = Pick<FoundIdentity, 'name'> & Partial<FoundIdentity>;

/** What matched is each store's own affair. */
function describeIdentity({ name }: NamedIdentity): MatchedIdentity {
  return { identity: name, pins: [], names: [] };
}

/**
 * In everything that decides, to the letter: the roles of two stores are neither added up nor chosen from, since nobody
 * wrote down what comes of that. The owner stands in the log alone.
 */
function isSameIdentity(one: NamedIdentity, other: NamedIdentity): boolean {
  if (one.name !== other.name || one.roles === undefined || other.roles === undefined) return one.name === other.name;
  return isSameSet(one.roles, other.roles) && isSameSet(one.functions ?? null, other.functions ?? null);
}

function isSameSet(one: readonly string[] | null, other: readonly string[] | null): boolean {
  if (one === null || other === null) return one === other;
  return one.every((item) => other.includes(item)) && other.every((item) => one.includes(item));
}

/** All that bears on any of them must hold, and what only claims to be an authority's must stay so. */
function intersect(
  found: readonly FoundFinding[],
  unissued: readonly RefusedNomination[] = [],
): FoundFinding | undefined {
  const [first] = found;
  if (first === undefined) return undefined;
  const grace = intersectGraces(found.map(({ acceptWithoutClientAuth }) => acceptWithoutClientAuth));
  const authorities = found.flatMap(({ pathAuthorities = [] }) => pathAuthorities);
  return {
    ...first,
    validFrom: Math.max(...found.map(({ validFrom = Number.NEGATIVE_INFINITY }) => validFrom)),
    validUntil: Math.min(...found.map(({ validUntil = Number.POSITIVE_INFINITY }) => validUntil)),
    ...intersectSpans([...found, ...unissued]),
    ...(authorities.length === 0 ? {} : { pathAuthorities: authorities }),
    acceptWithoutClientAuth: grace,
    // As in one document: of a path that any of them validated, the critical extensions were processed.
    ...(found.some(({ isPathValidated }) => isPathValidated === true) ? { isPathValidated: true } : {}),
  };
}
