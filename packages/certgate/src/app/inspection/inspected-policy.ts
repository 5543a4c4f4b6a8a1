import { findInstant, formatInstant } from '@certgate/core/internal';
import { ToolFailure } from '#local/tool-failure.js';
import type { HostedFunction } from '#local/functions-host/functions-host.js';

/** Who gets past the gate to an HTTP or MCP function. */
export type InspectedPolicy =
  /** No gate covers the function, so everybody gets in. */
  | { readonly kind: 'none' }
  /** The function is marked with `allowAnonymous`, so everybody gets in. */
  | { readonly kind: 'anonymous' }
  | {
      readonly kind: 'certificate';
      /** The caller must meet every group. One role of a group meets it. */
      readonly roles: readonly (readonly string[])[];
      /**
       * A time in RFC 3339. Until then, a missing role, or a function that the identity may not call, is logged and let
       * through.
       */
      readonly reportOnlyUntil?: string;
      /**
       * A time in RFC 3339. Until then, every caller whom the host's key check admits gets in, unless the gate failed
       * to start. The log shows those who would be refused.
       */
      readonly observedUntil?: string;
    };

/**
 * The policy that the gate's own marks describe.
 *
 * @throws {ToolFailure} if a mark has another form. A guess could call an open function closed.
 */
export function readInspectedPolicy({ name, covered, policy }: HostedFunction): InspectedPolicy {
  if (covered === 'none' || covered === undefined) return { kind: 'none' };
  const read = findPolicy(policy);
  if (read !== undefined) return read;
  throw new ToolFailure(`What the gate says about the function "${name}" can't be read.`, {
    remedy: 'Use certgate and @certgate/azure-functions of the same version.',
  });
}

function findPolicy(mark: unknown): InspectedPolicy | undefined {
  const policy = findShape(mark, (until) =>
    typeof until === 'number' && Number.isFinite(until) ? formatInstant(until) : undefined,
  );
  return policy?.kind === 'none' ? undefined : policy;
}

/** Reads a policy from a file that a person may have edited. Undefined if it has another form. */
export function findWrittenPolicy(value: unknown): InspectedPolicy | undefined {
  const policy = findShape(value, (until) =>
    typeof until === 'string' && findInstant(until) !== undefined ? until : undefined,
  );
  return policy === undefined ? undefined : sortPolicy(policy);
}

function findShape(value: unknown, findUntil: (until: unknown) => string | undefined): InspectedPolicy | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { kind, roles, reportOnlyUntil, observedUntil, ...others } = value as Record<string, unknown>;
  if (Object.keys(others).length > 0) return undefined;
  const ends = Object.entries({ reportOnlyUntil, observedUntil }).filter(([, end]) => end !== undefined);
  if (kind === 'none' || kind === 'anonymous') return roles === undefined && ends.length === 0 ? { kind } : undefined;
  if (kind !== 'certificate' || !Array.isArray(roles) || !roles.every(isRoleGroup)) return undefined;
  const read = ends.map(([name, end]) => [name, findUntil(end)] as const);
  // A policy has at most one of the two times.
  if (read.length > 1 || read.some(([, end]) => end === undefined)) return undefined;
  return { kind, roles, ...Object.fromEntries(read) };
}

function isRoleGroup(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every((role) => typeof role === 'string' && role !== '');
}

/** Writes equal policies alike: sorts groups and their roles, and removes duplicates. */
export function sortPolicy(policy: InspectedPolicy): InspectedPolicy {
  return policy.kind === 'certificate' ? { ...policy, roles: sortRoles(policy.roles) } : policy;
}

function sortRoles(groups: readonly (readonly string[])[]): readonly (readonly string[])[] {
  const sorted = groups.map((anyOf) => [...new Set(anyOf)].sort());
  const unique = new Map(sorted.map((anyOf) => [JSON.stringify(anyOf), anyOf]));
  return [...unique].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, anyOf]) => anyOf);
}

/** One line for people and for the logs of pipelines. It does not depend on the present time, so it stays the same. */
export function describeInspectedPolicy(policy: InspectedPolicy): string {
  switch (policy.kind) {
    case 'none':
      return 'public, no gate';
    case 'anonymous':
      return 'public';
    case 'certificate': {
      const { roles, reportOnlyUntil, observedUntil } = policy;
      const role = roles.length === 0 ? '' : `, role ${roles.map((anyOf) => anyOf.join(' or ')).join(' and ')}`;
      const report = reportOnlyUntil === undefined ? '' : `, report-only until ${reportOnlyUntil}`;
      const observed =
        observedUntil === undefined ? '' : `anyone who has a key until ${observedUntil} (observed), then `;
      return `${observed}allowed certificates${role}${report}`;
    }
  }
}
