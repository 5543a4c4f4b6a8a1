import { denialCodes, getPublicCode } from '../denial.js';
import type { FoundIdentity, TrustFinding } from '../trust-snapshot/trust-finding.js';

type Found = Extract<TrustFinding, { outcome: 'found' }>;
type Refused = Extract<TrustFinding, { outcome: 'denied' | 'unavailable' }>;

/**
 * What several stores' answers about one certificate come to, whatever order they stand in: *denied* beats *unavailable*
 * beats *found* beats *not found*. Two identities are a denial. Where several say the same, the text of the first is kept.
 */
export function combineFindings(findings: readonly TrustFinding[]): TrustFinding {
  const found = findings.filter((finding) => finding.outcome === 'found');
  const refusals = [...findings.filter((finding) => isRefused(finding)), ...listAmbiguity(found)];
  const [refusal] = refusals.sort((one, other) => rankRefusal(one) - rankRefusal(other));
  if (refusal !== undefined) return refusal;
  const [first] = found;
  if (first !== undefined) return intersect(first, found);
  const notFound = findings.filter((finding) => finding.outcome === 'notFound');
  return notFound.find(({ detail }) => detail !== undefined) ?? { outcome: 'notFound' };
}

function isRefused(finding: TrustFinding): finding is Refused {
  return finding.outcome === 'denied' || finding.outcome === 'unavailable';
}

/**
 * What can't be decided now may be decided later, so it gives way to what is known to be refused: told by what callers
 * learn of a code. Within both, the order of the request's path.
 */
function rankRefusal(finding: Refused): number {
  const code = finding.outcome === 'unavailable' ? 'trust_unavailable' : finding.code;
  const isUnavailable = getPublicCode(code) === 'unavailable';
  return (isUnavailable ? denialCodes.length : 0) + denialCodes.indexOf(code);
}

function listAmbiguity(found: readonly Found[]): readonly Refused[] {
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
function intersect(first: Found, found: readonly Found[]): Found {
  const { isPathValidated, ...rest } = first;
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
    // A validated path excuses critical extensions; a store that built none doesn't excuse them.
    ...(isPathValidated === true && found.every((each) => each.isPathValidated === true) ? { isPathValidated } : {}),
  };
}
