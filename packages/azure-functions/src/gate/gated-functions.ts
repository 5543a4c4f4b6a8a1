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

/** What the gate does about calls of a function. */
export interface GatedFunction {
  readonly name: string;
  readonly kind: TriggerKind;
  /** Anonymous, or of a trigger with which no certificate comes: nothing is decided. */
  readonly isOpen: boolean;
  /** What a caller must meet. Undefined where the function is open, and for unknown MCP triggers, which nobody may call. */
  readonly requirement: FunctionRequirement | undefined;
  /** Milliseconds: before this moment, a call goes on whatever is decided. Undefined: never. */
  readonly observedUntil: number | undefined;
  /** Its registration was seen, so calls of its handler are decided wherever they come from. */
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
   * By the name under which the function was registered: libraries rebind handlers, and their marks are lost. The handler
   * that is about to run can ask more of the caller than the registration did, never less. A name whose registration was
   * not seen is closed, and so is a function of which nothing tells that its trigger is not HTTP.
   *
   * `told` is the kind of trigger that the call itself tells.
   */
  find(functionName: string, told: TriggerKind | undefined, handler: unknown): GatedFunction {
    const registered = findRegistered(this.#coverage, functionName);
    const kind = joinTriggerKinds([registered?.kind, told]) ?? 'http';
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

  /** HTTP and MCP functions whose registration was seen, by name. `isAhead`: whether a moment is to come. */
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
   * Whether Azure has checked a key for the invocation of this context, whichever function it then calls. `invoked` is the
   * function that the worker named; else the context says it.
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
