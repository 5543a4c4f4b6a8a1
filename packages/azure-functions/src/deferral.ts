import type { Admission, FunctionRequirement } from '@certgate/core';
import { clientIdentities, deferrals } from './shared-state.js';

/**
 * After every admission of a gate: what it let through, so that the role wrappers inside know. It holds for this
 * invocation, this request and this caller, and for the groups of roles that the gate itself knew of; the latest
 * decision counts.
 */
export function noteDeferral(
  context: object,
  request: unknown,
  { identity, deferred }: Admission,
  { roles }: FunctionRequirement,
): void {
  if (deferred === undefined) deferrals.delete(context);
  else deferrals.set(context, Object.freeze({ request, identity, roles }));
}

/**
 * Whether the gate let this call through although the caller has none of these roles. `anyOf` is compared by identity: a
 * wrapper whose mark got lost on the way to the registration is unknown to the gate, and goes on refusing.
 */
export function isRoleDeferred(args: readonly unknown[], anyOf: readonly string[]): boolean {
  const context = args.at(-1);
  if (typeof context !== 'object' || context === null) return false;
  const deferral = deferrals.get(context);
  return (
    deferral !== undefined &&
    deferral.request === args[0] &&
    deferral.identity === clientIdentities.get(context) &&
    deferral.roles.includes(anyOf)
  );
}
