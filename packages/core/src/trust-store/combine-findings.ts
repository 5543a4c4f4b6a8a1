import { type DenialCode, denialCodes, getPublicCode } from '../denial.js';
import { intersectGraces } from '../trust-snapshot/client-auth-grace.js';
import {
  concludeFinding,
  type ConfirmedFinding,
  type FoundFinding,
  type FoundIdentity,
  type NominatedFinding,
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
 * A nomination may become each of those, so that only a denial is stricter.
 */
export function combineFindings(
  findings: readonly TrustFinding[],
): Exclude<TrustFinding, NominatedFinding> | OpenNomination;
export function combineFindings(findings: readonly ConfirmedFinding[]): ConfirmedFinding | RefusedFinding;
export function combineFindings(
  findings: readonly (TrustFinding | ConfirmedFinding)[],
): Exclude<TrustFinding, NominatedFinding> | ConfirmedFinding | OpenNomination {
  const found = findings.filter((finding) => finding.outcome === 'found');
  const nominated = findings.filter((finding) => finding.outcome === 'nominated');
  const refusals: readonly Refused[] = [...findings.filter((finding) => isRefused(finding)), ...listAmbiguity(found)];
  const [refusal] = [...refusals].sort((one, other) => rankRefusal(one) - rankRefusal(other));
  if (refusal !== undefined && (nominated.length === 0 || !isUnavailable(refusal))) return refusal;
  if (nominated.length > 0) return describeNominations(found, nominated);
  const [first] = found;
  if (first !== undefined) return intersect(first, found);
  const notFound = findings.filter((finding) => finding.outcome === 'notFound');
  return notFound.find(({ detail }) => detail !== undefined) ?? { outcome: 'notFound' };
}

/** The same once every nomination was confirmed. */
export function combineConfirmed(findings: readonly ConfirmedFinding[]): ConfirmedFinding {
  const combined = combineFindings(findings);
  return combined.outcome === 'denied' && 'step' in combined ? combined : concludeFinding(combined);
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

function isRefused(finding: TrustFinding | ConfirmedFinding): finding is Refused {
  return finding.outcome === 'denied' || finding.outcome === 'unavailable';
}

/**
 * What can't be decided now may be decided later, so it gives way to what is known to be refused: told by what callers
 * learn of a code. Within both, the order of the request's path.
 */
function rankRefusal(finding: Refused): number {
  return (isUnavailable(finding) ? denialCodes.length : 0) + denialCodes.indexOf(codeOf(finding));
}

function isUnavailable(finding: Refused): boolean {
  return getPublicCode(codeOf(finding)) === 'unavailable';
}

function codeOf(finding: Refused): DenialCode {
  return finding.outcome === 'unavailable' ? 'trust_unavailable' : finding.code;
}

function listAmbiguity(found: readonly FoundFinding[]): readonly RefusedFinding[] {
  const [first] = found;
  const stranger = first && found.find(({ identity }) => !isSameIdentity(identity, first.identity));
  if (first === undefined || stranger === undefined) return [];
  return [
    {
      outcome: 'denied',
      code: 'identity_ambiguous',
      detail: describeAmbiguity(first.identity.name, stranger.identity.name),
    },
  ];
}

function describeAmbiguity(one: string, other: string): string {
  return one === other
    ? `Two trust stores know the certificate as "${one}" and give it different roles or functions; make the entries equal, or leave it in one store.`
    : `The certificate stands for two identities, "${one}" and "${other}", in two trust stores; leave it in one.`;
}

/**
 * In everything that decides, to the letter: the roles of two stores are neither added up nor chosen from, since nobody
 * wrote down what comes of that. The owner stands in the log alone.
 */
function isSameIdentity(one: FoundIdentity, other: FoundIdentity): boolean {
  return (
    one.name === other.name &&
    isSameSet(one.roles, other.roles) &&
    isSameSet(one.functions ?? null, other.functions ?? null)
  );
}

function isSameSet(one: readonly string[] | null, other: readonly string[] | null): boolean {
  if (one === null || other === null) return one === other;
  return one.every((item) => other.includes(item)) && other.every((item) => one.includes(item));
}

/** All that bears on any of them must hold. */
function intersect(first: FoundFinding, found: readonly FoundFinding[]): FoundFinding {
  const { isPathValidated, ...rest } = first;
  const grace = intersectGraces(found.map(({ acceptWithoutClientAuth }) => acceptWithoutClientAuth));
  const authorities = found.flatMap(({ pathAuthorities = [] }) => pathAuthorities);
  const latest = (key: 'validFrom' | 'currentFrom'): number =>
    Math.max(...found.map((each) => each[key] ?? Number.NEGATIVE_INFINITY));
  const earliest = (key: 'validUntil' | 'currentUntil'): number =>
    Math.min(...found.map((each) => each[key] ?? Number.POSITIVE_INFINITY));
  return {
    ...rest,
    validFrom: latest('validFrom'),
    validUntil: earliest('validUntil'),
    currentFrom: latest('currentFrom'),
    currentUntil: earliest('currentUntil'),
    ...(authorities.length === 0 ? {} : { pathAuthorities: authorities }),
    acceptWithoutClientAuth: grace,
    // A validated path excuses critical extensions; a store that built none doesn't excuse them.
    ...(isPathValidated === true && found.every((each) => each.isPathValidated === true) ? { isPathValidated } : {}),
  };
}
