import { formatInstant } from '@certgate/core/internal';
import type { HostedFunction } from '#local/functions-host/worker/host-protocol.js';

/** What a function asks of its callers, as the gate's registry in the app's process tells it. */
export type FunctionPolicy = { readonly kind: 'anonymous' } | ClosedPolicy;

export interface ClosedPolicy {
  readonly kind: 'certificate';
  readonly roles: readonly (readonly string[])[];
  /** Milliseconds: before this moment a known caller without the roles is let through (`reportOnly`). */
  readonly reportOnlyUntil?: number;
  /** Milliseconds: before this moment every caller is let through (`observe`). */
  readonly observedUntil?: number;
}

/** The latest moment that JavaScript's calendar has. */
const latestInstant = 8_640_000_000_000_000;

/** The app's process is not trusted with more than showing: what is not clearly anonymous counts as closed. */
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

/** The least roles that each function needs, each set once. */
export function listRoleSets(functions: readonly HostedFunction[]): readonly (readonly string[])[] {
  const sets = functions.map((hosted) => {
    const policy = readPolicy(hosted);
    return policy.kind === 'anonymous' ? [] : [...new Set(policy.roles.flatMap(([first]) => first ?? []))].sort();
  });
  const unique = new Map(sets.filter((roles) => roles.length > 0).map((roles) => [JSON.stringify(roles), roles]));
  return [...unique.values()];
}

/** `now` in milliseconds: a function that was opened for a while is a closed one when that is over. */
export function describePolicy(hosted: HostedFunction, now: number = Date.now()): string {
  const policy = readPolicy(hosted);
  if (policy.kind === 'anonymous') return 'anonymous';
  const roles =
    policy.roles.length === 0 ? '' : `, role ${policy.roles.map((anyOf) => anyOf.join(' or ')).join(' and ')}`;
  const describeEnd = (what: string, until: number | undefined): string =>
    until !== undefined && now < until ? `, ${what} until ${formatInstant(until)}` : '';
  const ends = describeEnd('report only', policy.reportOnlyUntil) + describeEnd('observed', policy.observedUntil);
  return `certificate${roles}${ends}`;
}

function isInstant(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) <= latestInstant;
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
