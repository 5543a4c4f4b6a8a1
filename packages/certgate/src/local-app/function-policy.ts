import type { HostedFunction } from '../functions-host/host-protocol.js';

/** What a function asks of its callers, as the gate's registry in the app's process tells it. */
export type FunctionPolicy =
  { readonly kind: 'anonymous' } | { readonly kind: 'certificate'; readonly roles: readonly (readonly string[])[] };

/** The app's process is not trusted with more than showing: what is not clearly anonymous counts as closed. */
export function readPolicy({ policy }: HostedFunction): FunctionPolicy {
  if (typeof policy !== 'object' || policy === null || !('kind' in policy)) return { kind: 'certificate', roles: [] };
  if (policy.kind === 'anonymous') return { kind: 'anonymous' };
  const roles = 'roles' in policy && Array.isArray(policy.roles) ? policy.roles : [];
  return { kind: 'certificate', roles: roles.filter(isTextList) };
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

export function describePolicy(hosted: HostedFunction): string {
  const policy = readPolicy(hosted);
  if (policy.kind === 'anonymous') return 'anonymous';
  if (policy.roles.length === 0) return 'certificate';
  return `certificate, role ${policy.roles.map((anyOf) => anyOf.join(' or ')).join(' and ')}`;
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
