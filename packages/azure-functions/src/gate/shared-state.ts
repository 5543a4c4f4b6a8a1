import {
  type CallOutcome,
  type ClientIdentity,
  type ContextMap,
  type GateDescription,
  type TrustStoreReport,
  copyOwn,
  createContextMap,
} from '@certgate/core';
import type { TriggerKind } from './worker-core.js';

/** Any function that a handler may be; libraries call handlers with arguments of their own in front of the context. */
export type AnyHandler = (...args: never[]) => unknown;

/** What a function asks of its callers, as its wrappers declared it. */
export type FunctionPolicy = { readonly kind: 'anonymous' } | ClosedPolicy;

/** What a function asks of its callers. Every group of roles must be met; one role of a group meets it. */
export interface ClosedPolicy {
  readonly kind: 'certificate';
  readonly roles: readonly (readonly string[])[];
  /** Set by `reportOnly`, in milliseconds. A copy of this package that doesn't know it keeps the function closed. */
  readonly reportOnlyUntil?: number;
  /** Set by `observe`, in milliseconds. A copy of this package that doesn't know it keeps the function closed. */
  readonly observedUntil?: number;
}

export const closedPolicy: ClosedPolicy = copyOwn({ kind: 'certificate', roles: Object.freeze([]) });

/** What a gate let through in one invocation, though its decision is to refuse. */
export interface Deferral {
  /** A context alone doesn't say who calls. */
  readonly request: unknown;
  /** Undefined: the function is observed, and nobody was admitted. A copy that doesn't know of that refuses. */
  readonly identity: ClientIdentity | undefined;
  /** The very groups of roles, by their identity, that the gate knew of when it decided. */
  readonly roles: readonly (readonly string[])[];
}

/** A function whose registration was seen. */
export interface RegisteredFunction {
  readonly name: string;
  readonly kind: TriggerKind;
  readonly policy: FunctionPolicy;
  /** What the worker holds as the function's handler. */
  readonly handler: AnyHandler;
  /**
   * The host lets nobody call the function without a key. An older copy of this package never says so, and a function is
   * observed only where it was said.
   */
  readonly requiresKey?: boolean;
  /** The extension of the host that starts the function over HTTP. An older copy of this package never says so. */
  readonly webhook?: string;
}

/** What the wrapper around a registered handler asks of the gate, whichever copy of this package made either. */
export interface CoveringGate {
  /**
   * What the host sent decides, whatever hooks make of it. The gate of an older copy of this package never says so: two hooks
   * together can make it take a caller for another.
   */
  readonly isHookProof?: true;
  noteRegistration(registered: RegisteredFunction): void;
  /** Runs `handler` for calls that are admitted, and answers the others. */
  runHandler(
    registered: RegisteredFunction,
    handler: AnyHandler,
    thisArgument: unknown,
    args: readonly unknown[],
  ): unknown;
}

/** Read by tools too: with a gate, a function that is not listed is closed to callers without an allowed certificate. */
export interface FunctionCoverage {
  /** By the name in lower case. */
  readonly functions: Map<string, RegisteredFunction>;
  /** Set by `secureApp`. */
  gate: CoveringGate | undefined;
}

/**
 * State that two loaded copies of this package (its ESM and its CommonJS build, two versions, a bundle beside the
 * package) must agree on. It is stored on `globalThis` under registered symbols; `v1` names the shape.
 */
interface SharedState {
  /** Marks set by `allowAnonymous`, `requireRole`, `requireAnyRole`, `reportOnly` and `observe`. */
  readonly 'function-policies/v1': WeakMap<AnyHandler, FunctionPolicy>;
  /** What each of the worker's core modules has been told to register, and the gate that stands before all of it. */
  readonly 'function-coverage/v1': WeakMap<object, FunctionCoverage>;
  /** The identity that was admitted to an invocation, by its context. */
  readonly 'client-identities/v1': ContextMap<ClientIdentity>;
  /** The outcome of an admitted invocation, by its context. */
  readonly 'call-outcomes/v1': ContextMap<CallOutcome>;
  /** What a gate let through in an invocation, by its context; written by gates alone. */
  readonly 'deferrals/v1': ContextMap<Deferral>;
  /**
   * The worker's core modules that have a gate already, whichever copy's gate it is, and how that gate is configured;
   * `true` where that can't be compared.
   */
  readonly 'secured-cores/v1': WeakMap<object, string | true>;
}

/** What a handler's mark says. Another copy of this package may have written it, so its own keys alone count. */
export function findPolicy(handler: AnyHandler): FunctionPolicy | undefined {
  const policy = functionPolicies.get(handler);
  return policy === undefined ? undefined : copyOwn(policy);
}

function getShared<K extends keyof SharedState>(name: K, create: () => SharedState[K]): SharedState[K] {
  const key = Symbol.for(`certgate/${name}`);
  const holder = globalThis as unknown as Record<symbol, SharedState[K] | undefined>;
  const present = holder[key];
  if (present !== undefined) return present;
  const created = create();
  // Not writable: a later script can't swap the map for one of its own.
  Object.defineProperty(globalThis, key, { value: created, enumerable: false });
  return created;
}

export const functionPolicies: SharedState['function-policies/v1'] = getShared(
  'function-policies/v1',
  () => new WeakMap(),
);
export const functionCoverage: SharedState['function-coverage/v1'] = getShared(
  'function-coverage/v1',
  () => new WeakMap(),
);
export const clientIdentities: SharedState['client-identities/v1'] = getShared(
  'client-identities/v1',
  createContextMap,
);
export const callOutcomes: SharedState['call-outcomes/v1'] = getShared('call-outcomes/v1', createContextMap);
export const deferrals: SharedState['deferrals/v1'] = getShared('deferrals/v1', createContextMap);
export const securedCores: SharedState['secured-cores/v1'] = getShared('secured-cores/v1', () => new WeakMap());

const gateKey = Symbol.for('certgate/gate/v1');

/** What a tool may ask the gate of an app that it has loaded. No answer admits anybody. */
export interface AnnouncedGate {
  readonly findTrustReport: () => TrustStoreReport | undefined;
  /** What the code says of the front end. An older copy of this package never tells it. */
  readonly describe?: () => GateDescription;
  /** The variable that has the secret which the code gave; null: none has it; undefined: the code gave none. */
  readonly findSecretVariable?: () => string | null | undefined;
  /** What the gate decides about a certificate (base64 of the DER; undefined: none). */
  readonly decideFor?: (
    functionName: string,
    certificate: string | undefined,
    now: number,
  ) => Promise<GateAnswer | undefined>;
}

/** Plain data. */
export interface GateAnswer {
  readonly outcome: 'allowed' | 'denied';
  readonly code: string;
  readonly detail?: string;
  /** Why the gate would not look at the certificate of a call, as the app is configured where it was loaded. */
  readonly frontEndFault?: string;
}

/**
 * Tools read this to tell whether there is a gate at all, and what it goes by, which is the app's affair and no setting's.
 * `fault` is what `secureApp` failed with: then the gate refuses everybody.
 */
export function announceGate(gate: AnnouncedGate, fault?: string): void {
  const value = Object.freeze(fault === undefined ? gate : { ...gate, fault });
  Object.defineProperty(globalThis, gateKey, { value, enumerable: false, configurable: true });
}

/**
 * Both must be met. What is anonymous in one and closed in the other is closed; what is report-only or observed in one
 * alone is neither, and of two ends the earlier counts.
 */
export function tightenPolicy(first: FunctionPolicy | undefined, second: FunctionPolicy): FunctionPolicy {
  if (first === undefined) return second;
  const both = [first, second];
  const closed = both.flatMap((policy) => (policy.kind === 'certificate' ? [policy] : []));
  if (closed.length === 0) return second;
  const findEnd = (key: 'reportOnlyUntil' | 'observedUntil'): { readonly [name in typeof key]?: number } => {
    const ends = closed.flatMap((policy) => policy[key] ?? []);
    return ends.length < both.length ? {} : { [key]: Math.min(...ends) };
  };
  return copyOwn({
    kind: 'certificate',
    roles: Object.freeze(closed.flatMap(({ roles }) => roles)),
    ...findEnd('reportOnlyUntil'),
    ...findEnd('observedUntil'),
  });
}
