import { formatInstant } from '@certgate/core/internal';
import type { HostedFunction } from '#local/functions-host/worker/host-protocol.js';

/** What a function requires of its callers, as the gate in the app's process reports it. */
export type FunctionPolicy = { readonly kind: 'anonymous' } | ClosedPolicy;

export interface ClosedPolicy {
  readonly kind: 'certificate';
  readonly roles: readonly (readonly string[])[];
  /** In milliseconds since 1970. Before this moment, a known caller without the roles is admitted (`reportOnly`). */
  readonly reportOnlyUntil?: number;
  /** In milliseconds since 1970. Before this moment, every caller is admitted (`observe`). */
  readonly observedUntil?: number;
}

/** The latest moment of JavaScript's calendar, in milliseconds since 1970. */
const latestInstant = 8_640_000_000_000_000;

/**
 * Reads a policy from the app's process, which is not trusted. A function that is not clearly anonymous is taken for
 * closed.
 */
export function readPolicy({ policy }: HostedFunction): FunctionPolicy {
  if (typeof policy !== 'object' || policy === null || !('kind' in policy)) return { kind: 'certificate', roles: [] };
  if (policy.kind === 'anonymous') return { kind: 'anonymous' };
  const roles = 'roles' in policy && Array.isArray(policy.roles) ? policy.roles : [];
  const reportOnlyUntil = 'reportOnlyUntil' in policy ? policy.reportOnlyUntil : undefined;
  const observedUntil = 'observedUntil' in policy ? policy.observedUntil : undefined;
  return {
    kind: 'certificate',
    roles: roles.filter(isTextList),
    ...(isInstant(reportOnlyUntil) ? { reportOnlyUntil } : {}),
    ...(isInstant(observedUntil) ? { observedUntil } : {}),
  };
}

/** A set of roles that each function accepts: the first role of each group. Each set is listed once. */
export function listRoleSets(functions: readonly HostedFunction[]): readonly (readonly string[])[] {
  const sets = functions.map((hosted) => {
    const policy = readPolicy(hosted);
    return policy.kind === 'anonymous' ? [] : [...new Set(policy.roles.flatMap(([first]) => first ?? []))].sort();
  });
  const unique = new Map(sets.filter((roles) => roles.length > 0).map((roles) => [JSON.stringify(roles), roles]));
  return [...unique.values()];
}

/**
 * Describes the policy at `now`, in milliseconds since 1970. A period in which the function was open is left out when
 * it is over.
 */
export function describePolicy(hosted: HostedFunction, now: number = Date.now()): string {
  const policy = readPolicy(hosted);
  if (policy.kind === 'anonymous') return 'public';
  const roles =
    policy.roles.length === 0 ? '' : `, role ${policy.roles.map((anyOf) => anyOf.join(' or ')).join(' and ')}`;
  const describeEnd = (what: string, until: number | undefined): string =>
    until !== undefined && now < until ? `, ${what} until ${formatInstant(until)}` : '';
  const ends = describeEnd('report only', policy.reportOnlyUntil) + describeEnd('observed', policy.observedUntil);
  return `allowed certificates${roles}${ends}`;
}

function isInstant(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) <= latestInstant;
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
