import type { ClientIdentity } from '@certgate/core';

/** Any function that a handler may be; libraries call handlers with arguments of their own in front of the context. */
export type AnyHandler = (...args: never[]) => unknown;

/** What a function asks of its callers. Every group of roles must be met; one role of a group meets it. */
export type FunctionPolicy =
  { readonly kind: 'anonymous' } | { readonly kind: 'certificate'; readonly roles: readonly (readonly string[])[] };

export const certificatePolicy: FunctionPolicy = Object.freeze({ kind: 'certificate', roles: Object.freeze([]) });

/**
 * State that two loaded copies of this package (its ESM and its CommonJS build, two versions, a bundle beside the
 * package) must agree on. It hangs on `globalThis` under registered symbols; `v1` names the shape.
 */
interface SharedState {
  /** Marks set by `allowAnonymous`, `requireRole` and `requireAnyRole`. */
  readonly 'function-policies/v1': WeakMap<AnyHandler, FunctionPolicy>;
  /** Handlers that a gate has closed: for which function, and by which policy. Read by tools that report coverage. */
  readonly 'gated-handlers/v1': WeakMap<AnyHandler, { readonly policy: FunctionPolicy; readonly functionName: string }>;
  /** The identity that was admitted to an invocation, by its context. */
  readonly 'client-identities/v1': WeakMap<object, ClientIdentity>;
  /**
   * The worker's core modules whose registrations a gate closes already, whichever copy's gate it is, and how that gate
   * is configured; `true` where that can't be compared.
   */
  readonly 'secured-cores/v1': WeakMap<object, string | true>;
}

function getShared<K extends keyof SharedState>(name: K): SharedState[K] {
  const key = Symbol.for(`certgate/${name}`);
  const holder = globalThis as unknown as Record<symbol, SharedState[K] | undefined>;
  const present = holder[key];
  if (present !== undefined) return present;
  const created = new WeakMap() as SharedState[K];
  // Not writable: a later script can't swap the map for one of its own.
  Object.defineProperty(globalThis, key, { value: created, enumerable: false });
  return created;
}

export const functionPolicies: SharedState['function-policies/v1'] = getShared('function-policies/v1');
export const gatedHandlers: SharedState['gated-handlers/v1'] = getShared('gated-handlers/v1');
export const clientIdentities: SharedState['client-identities/v1'] = getShared('client-identities/v1');
export const securedCores: SharedState['secured-cores/v1'] = getShared('secured-cores/v1');

const gateKey = Symbol.for('certgate/gate/v1');

/** Tools read this to tell "covered by the hook alone" from "no gate at all". */
export function announceGate(): void {
  Object.defineProperty(globalThis, gateKey, { value: true, enumerable: false, configurable: true });
}
