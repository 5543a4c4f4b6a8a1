import { findInstant, formatInstant } from '@certgate/core/internal';
import { ToolFailure } from '#local/tool-failure.js';
import type { HostedFunction } from '#local/functions-host/functions-host.js';

/** Who gets past the gate to an HTTP or MCP function. */
export type InspectedPolicy =
  /** No gate at all: everybody. */
  | { readonly kind: 'none' }
  /** `allowAnonymous`: everybody. */
  | { readonly kind: 'anonymous' }
  | {
      readonly kind: 'certificate';
      /** Every group must be met; one role of a group meets it. */
      readonly roles: readonly (readonly string[])[];
      /** RFC 3339. Until then, a missing role or a function that isn't the identity's is logged and let through. */
      readonly reportOnlyUntil?: string;
      /** RFC 3339. Until then, everybody whom the host's key check lets in gets past the gate, and is logged. */
      readonly observedUntil?: string;
    };

/**
 * The policy that the gate's own marks tell. A mark of another shape is an error: a report that guessed would call a
 * function closed that isn't.
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

/** The same from a file that a person may have edited; undefined for any other shape. */
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
  // A function is one of the two at most.
  if (read.length > 1 || read.some(([, end]) => end === undefined)) return undefined;
  return { kind, roles, ...Object.fromEntries(read) };
}

function isRoleGroup(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every((role) => typeof role === 'string' && role !== '');
}

/** The same callers by the same words: groups and their roles are sorted, and stand once each. */
export function sortPolicy(policy: InspectedPolicy): InspectedPolicy {
  return policy.kind === 'certificate' ? { ...policy, roles: sortRoles(policy.roles) } : policy;
}

function sortRoles(groups: readonly (readonly string[])[]): readonly (readonly string[])[] {
  const sorted = groups.map((anyOf) => [...new Set(anyOf)].sort());
  const unique = new Map(sorted.map((anyOf) => [JSON.stringify(anyOf), anyOf]));
  return [...unique].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, anyOf]) => anyOf);
}

/** One line for people and for pipelines' logs; without the time of day, which would change what it says. */
export function describeInspectedPolicy(policy: InspectedPolicy): string {
  switch (policy.kind) {
    case 'none':
      return 'everybody, no gate';
    case 'anonymous':
      return 'everybody (anonymous)';
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
