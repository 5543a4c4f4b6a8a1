import { copyOwn, type FunctionRequirement, readMember } from '@certgate/core';
import { findRegistered, isKeyRequired } from './registered-functions.js';
import {
  type AnyHandler,
  closedPolicy,
  findPolicy,
  type FunctionCoverage,
  type FunctionPolicy,
  type RegisteredFunction,
  tightenPolicy,
} from './shared-state.js';
import { joinTriggerKinds, type TriggerKind } from './worker-core.js';

/** How the gate treats calls of a function. */
export interface GatedFunction {
  readonly name: string;
  readonly kind: TriggerKind;
  /**
   * What a caller must meet. `none`: the function is anonymous, or its trigger brings no certificate, so the gate
   * decides nothing. `unmeetable`: nobody may call the function, because `secureApp` failed, or its trigger
   * or policy is of an unknown kind.
   */
  readonly requirement: FunctionRequirement | 'none' | 'unmeetable';
  /**
   * Until this moment (milliseconds since 1970-01-01T00:00:00Z), a call goes on whatever is decided. Undefined if the
   * function is not observed.
   */
  readonly observedUntil: number | undefined;
  /**
   * Whether its registration was seen. If so, calls of an HTTP or MCP function's handler are decided wherever they come
   * from.
   */
  readonly isWrapped: boolean;
}

/** The app's functions, by the names under which they were registered. */
export class GatedFunctions {
  readonly #coverage: FunctionCoverage;
  readonly #known = new WeakMap<RegisteredFunction, GatedFunction>();

  constructor(coverage: FunctionCoverage) {
    this.#coverage = coverage;
  }

  /**
   * Finds a function by the name under which it was registered, because libraries rebind handlers and their marks are
   * then lost. The handler that is about to run can require more of the caller than the registration did, but never
   * less. If the registration was not seen, no mark opens the function. A function whose kind of trigger is unknown is
   * treated as an HTTP function.
   *
   * `reportedKind` is the kind of trigger according to the call itself.
   */
  find(functionName: string, reportedKind: TriggerKind | undefined, handler: unknown): GatedFunction {
    const registered = findRegistered(this.#coverage, functionName);
    const kind = joinTriggerKinds([registered?.kind, reportedKind]) ?? 'http';
    if (registered === undefined || registered.handler !== handler) {
      const policy = tightenPolicy(findPolicy(handler as AnyHandler), registered?.policy ?? closedPolicy);
      return createGatedFunction(functionName, kind, policy, registered);
    }
    const known = this.#known.get(registered);
    if (known?.kind === kind) return known;
    const created = createGatedFunction(registered.name, kind, registered.policy, registered);
    this.#known.set(registered, created);
    return created;
  }

  /**
   * The names of HTTP and MCP functions whose registration was seen. `isAhead` returns whether a moment is in the
   * future.
   */
  list(isAhead: (until: number) => boolean): { readonly closed: readonly string[]; readonly open: readonly string[] } {
    const gated = [...this.#coverage.functions.values()]
      .map(({ name, handler }) => this.find(name, undefined, handler))
      .filter(({ kind }) => kind !== 'other');
    const isOpen = ({ requirement, observedUntil }: GatedFunction): boolean =>
      requirement === 'none' || (observedUntil !== undefined && isAhead(observedUntil));
    const nameAll = (functions: readonly GatedFunction[]): readonly string[] =>
      functions.map(({ name }) => name).sort();
    return {
      closed: nameAll(gated.filter((each) => !isOpen(each))),
      open: nameAll(gated.filter(isOpen)),
    };
  }

  /**
   * Whether Azure has checked a key for the invocation of this context, whichever function it then calls. `invoked` is
   * the function that the worker named. If it is undefined, the context's own name is used.
   */
  isKeyed(invoked: string | undefined, context: object): boolean {
    try {
      const name = invoked ?? readMember(context, 'functionName');
      const registered = typeof name === 'string' ? findRegistered(this.#coverage, name) : undefined;
      return registered !== undefined && isKeyRequired(registered);
    } catch {
      return false;
    }
  }
}

function createGatedFunction(
  called: string,
  kind: TriggerKind,
  policy: FunctionPolicy,
  registered: RegisteredFunction | undefined,
): GatedFunction {
  const name = registered?.name ?? called;
  const isWrapped = registered !== undefined;
  const requirement = findRequirement(name, kind, policy);
  const isObservable = isWrapped && isKeyRequired(registered) && typeof requirement !== 'string';
  const observedUntil = isObservable && policy.kind === 'certificate' ? copyOwn(policy).observedUntil : undefined;
  return Object.freeze({ name, kind, requirement, observedUntil, isWrapped });
}

function findRequirement(
  functionName: string,
  kind: TriggerKind,
  policy: FunctionPolicy,
): GatedFunction['requirement'] {
  const isKnown = kind === 'http' || kind === 'mcp';
  if (kind === 'other' || (isKnown && policy.kind === 'anonymous')) return 'none';
  // A later copy of this package may have written a kind or a policy that this copy doesn't know.
  if (!isKnown || policy.kind !== 'certificate') return 'unmeetable';
  const { roles, reportOnlyUntil } = copyOwn(policy);
  return copyOwn({ functionName, roles, ...(reportOnlyUntil === undefined ? {} : { reportOnlyUntil }) });
}
