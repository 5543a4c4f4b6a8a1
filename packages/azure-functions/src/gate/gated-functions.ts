import { copyOwn, type FunctionRequirement, readMember } from '@certgate/core';
import { findRegistered, isToldToRequireKey } from './registered-functions.js';
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
  /** The function is anonymous, or its trigger brings no certificate, so the gate decides nothing. */
  readonly isOpen: boolean;
  /**
   * What a caller must meet. Undefined if the function is open, and if nobody may call it: after a failed `secureApp`,
   * or with an unknown MCP trigger.
   */
  readonly requirement: FunctionRequirement | undefined;
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
    const isOpen = ({ isOpen: isMarked, observedUntil }: GatedFunction): boolean =>
      isMarked || (observedUntil !== undefined && isAhead(observedUntil));
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
      return registered !== undefined && isToldToRequireKey(registered);
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
  const isKeyed = isWrapped && isToldToRequireKey(registered);
  const isDecided = kind === 'http' || kind === 'mcp';
  const isOpen = kind === 'other' || (isDecided && policy.kind === 'anonymous');
  const requirement = isDecided && policy.kind === 'certificate' ? createRequirement(name, policy) : undefined;
  const observedUntil = requirement === undefined || !isKeyed ? undefined : findObservedUntil(policy);
  return Object.freeze({ name, kind, isOpen, requirement, observedUntil, isWrapped });
}

function createRequirement(functionName: string, policy: FunctionPolicy): FunctionRequirement | undefined {
  if (policy.kind === 'anonymous') return undefined;
  const { roles, reportOnlyUntil } = copyOwn(policy);
  return copyOwn({ functionName, roles, ...(reportOnlyUntil === undefined ? {} : { reportOnlyUntil }) });
}

function findObservedUntil(policy: FunctionPolicy): number | undefined {
  return policy.kind === 'anonymous' ? undefined : copyOwn(policy).observedUntil;
}
