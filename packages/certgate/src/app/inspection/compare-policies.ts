import type { InspectedPolicy } from './inspected-policy.js';

type ClosedPolicy = Extract<InspectedPolicy, { readonly kind: 'certificate' }>;

/** What became of who may call: both, where some callers gain and others lose. */
export interface PolicyChange {
  readonly opens: boolean;
  readonly closes: boolean;
}

/** Exact: it opens where there is a caller, or a moment, that gets through after and didn't before. */
export function comparePolicies(before: InspectedPolicy, after: InspectedPolicy): PolicyChange {
  return { opens: admitsMore(after, before), closes: admitsMore(before, after) };
}

function admitsMore(policy: InspectedPolicy, other: InspectedPolicy): boolean {
  if (policy.kind !== 'certificate' || other.kind !== 'certificate') return rank(policy) < rank(other);
  const [ends, otherEnds] = [findEnds(policy), findEnds(other)];
  return ends.known > otherEnds.known || ends.everybody > otherEnds.everybody || !implies(policy, other);
}

/** An ungated function is looser than an anonymous one: nothing of its own says that it is meant to be open. */
function rank({ kind }: InspectedPolicy): number {
  return ['none', 'anonymous', 'certificate'].indexOf(kind);
}

/** Until when known callers get in whatever their roles, and until when everybody does whom the host lets in. */
function findEnds({ reportOnlyUntil, observedUntil }: ClosedPolicy): {
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
 * Does whoever has the roles of the one have those of the other? Roles are a conjunction of groups without negation, so a
 * group follows from the others exactly where one of them is a subset of it.
 */
function implies(policy: ClosedPolicy, other: ClosedPolicy): boolean {
  return other.roles.every((required) => policy.roles.some((anyOf) => anyOf.every((role) => required.includes(role))));
}
