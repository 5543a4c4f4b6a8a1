import {
  type PendingOutcome,
  type ClientIdentity,
  type ContextMap,
  type GateDescription,
  type TrustStoreReport,
  copyOwn,
  createContextMap,
} from '@certgate/core';
import type { TriggerKind } from './worker-core.js';

/** Any function that can be a handler. Libraries call handlers with arguments of their own before the context. */
export type AnyHandler = (...args: never[]) => unknown;

/** What a function requires of its callers, as its wrappers declare it. */
export type FunctionPolicy = { readonly kind: 'anonymous' } | ClosedPolicy;

/**
 * What a closed function requires of its callers. Every group of roles must be met; the caller meets a group with one
 * of its roles.
 */
export interface ClosedPolicy {
  readonly kind: 'certificate';
  readonly roles: readonly (readonly string[])[];
  /**
   * Set by `reportOnly`: its end, in milliseconds since 1970-01-01T00:00:00Z. A copy of this package that doesn't know
   * this member keeps the function closed.
   */
  readonly reportOnlyUntil?: number;
  /**
   * Set by `observe`: its end, in milliseconds since 1970-01-01T00:00:00Z. A copy of this package that doesn't know
   * this member keeps the function closed.
   */
  readonly observedUntil?: number;
}

export const closedPolicy: ClosedPolicy = copyOwn({ kind: 'certificate', roles: Object.freeze([]) });

/** What a gate let through in one invocation although it decided to refuse. */
export interface Deferral {
  /** The handler's first argument. A context alone does not show who calls. */
  readonly request: unknown;
  /**
   * Undefined if the function is observed and nobody was admitted. A copy of this package that doesn't know this case
   * refuses.
   */
  readonly identity: ClientIdentity | undefined;
  /** The groups of roles that the gate knew when it decided. They are compared by object identity. */
  readonly roles: readonly (readonly string[])[];
}

/** A function whose registration was seen. */
export interface RegisteredFunction {
  readonly name: string;
  readonly kind: TriggerKind;
  readonly policy: FunctionPolicy;
  /** The function that the worker has as the handler. */
  readonly handler: AnyHandler;
  /**
   * True if the host lets nobody call the function without a key. For MCP functions, it is found out only if they are
   * observed. An older copy of this package never sets it, and a function is observed only if it is set.
   */
  readonly requiresKey?: boolean;
  /** The extension of the host that starts the function over HTTP. An older copy of this package never sets it. */
  readonly webhook?: string;
}

/**
 * The methods that the wrapper around a registered handler calls. Gate and wrapper may come from different copies of
 * this package.
 */
export interface CoveringGate {
  /**
   * Set if the gate decides by what the host sent, whatever hooks change. A gate of an older copy of this package never
   * sets it: two hooks together can make it mistake a caller for another.
   */
  readonly isHookProof?: true;
  noteRegistration(registered: RegisteredFunction): void;
  /** Runs `handler` if the function is open or the call is admitted. Otherwise, returns or throws the refusal. */
  runHandler(
    registered: RegisteredFunction,
    handler: AnyHandler,
    thisArgument: unknown,
    args: readonly unknown[],
  ): unknown;
}

/**
 * The registered functions and their gate. Tools read it too: if there is a gate, an HTTP or MCP function that is not
 * listed is closed to callers without an allowed certificate.
 */
export interface FunctionCoverage {
  /** The functions by name in lower case. */
  readonly functions: Map<string, RegisteredFunction>;
  /** Set by `secureApp`. */
  gate: CoveringGate | undefined;
}

/**
 * State on which two loaded copies of this package must agree (its ESM and its CommonJS build, two versions, or a
 * bundle and the package). It is stored on `globalThis` under registered symbols. `v1` names the shape.
 */
interface SharedState {
  /** Marks set by `allowAnonymous`, `requireRole`, `requireAnyRole`, `reportOnly` and `observe`. */
  readonly 'function-policies/v1': WeakMap<AnyHandler, FunctionPolicy>;
  /** The registrations at each of the worker's core modules, and the gate in front of them. */
  readonly 'function-coverage/v1': WeakMap<object, FunctionCoverage>;
  /** The identity that was admitted to an invocation, by its context. */
  readonly 'client-identities/v1': ContextMap<ClientIdentity>;
  /** The outcome of an invocation that was decided, by its context. */
  readonly 'call-outcomes/v1': ContextMap<PendingOutcome>;
  /** What a gate let through in an invocation, by its context. Only gates write it. */
  readonly 'deferrals/v1': ContextMap<Deferral>;
  /**
   * The worker's core modules that have a gate, from whichever copy of this package, and how that gate is configured.
   * `true` if the configuration can't be compared.
   */
  readonly 'secured-cores/v1': WeakMap<object, string | true>;
}

/**
 * The policy in a handler's mark. Another copy of this package may have written it, so only its own members are used.
 */
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
  // Not writable, so that a later script can't replace the map.
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
export const pendingOutcomes: SharedState['call-outcomes/v1'] = getShared('call-outcomes/v1', createContextMap);
export const deferrals: SharedState['deferrals/v1'] = getShared('deferrals/v1', createContextMap);
export const securedCores: SharedState['secured-cores/v1'] = getShared('secured-cores/v1', () => new WeakMap());

const gateKey = Symbol.for('certgate/gate/v1');

/** What a tool may ask the gate of an app that it has loaded. No answer admits anybody. */
export interface AnnouncedGate {
  readonly findTrustReport: () => TrustStoreReport | undefined;
  /** Describes the front end and other options in the app's code. An older copy of this package doesn't have it. */
  readonly describe?: () => GateDescription;
  /**
   * The environment variable that contains the secret in the code. Null if no variable contains it; undefined if the
   * code gave none.
   */
  readonly findSecretVariable?: () => string | null | undefined;
  /** The gate's decision about a certificate (base64 of its DER; undefined for none). */
  readonly decideFor?: (
    functionName: string,
    certificate: string | undefined,
    now: number,
  ) => Promise<GateAnswer | undefined>;
}

/** The gate's decision as plain data. */
export interface GateAnswer {
  readonly outcome: 'allowed' | 'denied';
  readonly code: string;
  readonly detail?: string;
  /**
   * Why the gate would not read a call's certificate, in the environment in which the tool loaded the app. Absent if it
   * would.
   */
  readonly frontEndFault?: string;
}

/**
 * Announces the gate to tools, so that they can see whether there is one and how the app's code configures it. `fault`
 * is the error of a failed `secureApp`, after which the gate refuses everybody.
 */
export function announceGate(gate: AnnouncedGate, fault?: string): void {
  const value = Object.freeze(fault === undefined ? gate : { ...gate, fault });
  Object.defineProperty(globalThis, gateKey, { value, enumerable: false, configurable: true });
}

/**
 * Combines two policies so that both must be met. If a function is anonymous in one and closed in the other, it is
 * closed. It is report-only or observed only if both say so, and the earlier end applies.
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
