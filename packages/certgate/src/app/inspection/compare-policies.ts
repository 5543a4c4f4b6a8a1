import type { InspectedPolicy } from './inspected-policy.js';

type CertificatePolicy = Extract<InspectedPolicy, { readonly kind: 'certificate' }>;

/** How the set of admitted callers changed. Both are true if some callers gain access and others lose it. */
export interface PolicyChange {
  readonly opens: boolean;
  readonly closes: boolean;
}

/** A change opens if afterwards some caller may get in who, at the same moment, did not before. It closes likewise. */
export function comparePolicies(before: InspectedPolicy, after: InspectedPolicy): PolicyChange {
  return { opens: admitsMore(after, before), closes: admitsMore(before, after) };
}

function admitsMore(policy: InspectedPolicy, other: InspectedPolicy): boolean {
  if (policy.kind !== 'certificate' || other.kind !== 'certificate') return rank(policy) < rank(other);
  const [ends, otherEnds] = [findEnds(policy), findEnds(other)];
  return ends.known > otherEnds.known || ends.everybody > otherEnds.everybody || !implies(policy, other);
}

/** An ungated function is looser than an anonymous one, because nothing in the code marks it as open on purpose. */
function rank({ kind }: InspectedPolicy): number {
  return ['none', 'anonymous', 'certificate'].indexOf(kind);
}

/**
 * Two moments in milliseconds since 1970: until `known`, identified callers get in whatever their roles are; until
 * `everybody`, all callers get in whom the host lets through.
 */
function findEnds({ reportOnlyUntil, observedUntil }: CertificatePolicy): {
  readonly known: number;
  readonly everybody: number;
} {
  const [reportOnlyEnd = never, everybody = never] = [reportOnlyUntil, observedUntil].map((end) =>
    end === undefined ? never : Date.parse(end),
  );
  return { known: Math.max(reportOnlyEnd, everybody), everybody };
}

const never = Number.NEGATIVE_INFINITY;

/**
 * Whether every caller who meets `policy` meets the roles of `other` too. A policy requires one role of each group, so
 * a group is implied only if it contains all roles of one of the policy's groups.
 */
function implies(policy: CertificatePolicy, other: CertificatePolicy): boolean {
  return other.roles.every((required) => policy.roles.some((anyOf) => anyOf.every((role) => required.includes(role))));
}
