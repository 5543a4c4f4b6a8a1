import { hasMember } from '@certgate/core';
import { type CoreCall, readOf } from './core-call.js';
import type { CoreCalls } from './core-calls.js';
import { isPromiseLike, replaceMethod } from './worker-core.js';
import type {
  CoreInvocationContext,
  InvocationModel,
  InvocationResponse,
  ProgrammingModel,
  WorkerCore,
} from './worker-core.js';

/** One invocation at the last moment before its handler: all `preInvocation` hooks have run. */
export interface ModelInvocation {
  readonly call: CoreCall;
  readonly context: unknown;
  readonly inputs: readonly unknown[];
  /** What the hooks have left as the handler. */
  readonly handler: unknown;
  /** Goes on as the programming model would have, with this handler. */
  readonly invoke: (handler: unknown) => unknown;
  /**
   * Puts this answer in the place of what the programming model would make of the handler's result. False where that can't
   * be: nothing was changed then that counts.
   */
  readonly respond: (response: InvocationResponse) => boolean;
}

/** Which invocation a model's object serves. */
interface ServedInvocation {
  readonly call: CoreCall;
  /** What this gate has put in place of `invokeFunction`. */
  gated: unknown;
}

/**
 * Where it is kept: on the object, since a WeakMap would cost each invocation three microseconds; and on the function that
 * was put there, since the object may not be extensible, or only its methods may be copied.
 */
const servedKey = Symbol('served invocation');

interface Served {
  [servedKey]?: ServedInvocation;
}

type GatedInvocationModel = InvocationModel & Served;

/** Returns what `invoke` gave, or a promise of it. */
type Guard = (invocation: ModelInvocation) => unknown;

/**
 * Stands before the handler of every invocation, whichever programming model serves it: the one of version 3 that the
 * worker starts with, the one of `@azure/functions`, and that of each copy of the library that is loaded later.
 *
 * The worker calls `getInvocationModel` of the model that was set last, `getArguments` of what it returns, all
 * `preInvocation` hooks, and then `invokeFunction`. None of them is public API, so what is missing is reported and not
 * assumed. Without `getArguments`, a hook's call of a handler is decided by the handler's own arguments.
 */
export class ModelGate {
  readonly #calls: CoreCalls;
  readonly #guard: Guard;
  readonly #onUnknownModel: () => void;
  readonly #isReplaced: () => boolean;
  /** By model: the `getInvocationModel` that this gate has put there. */
  readonly #gated = new WeakMap<ProgrammingModel, unknown>();
  #latest: ProgrammingModel | undefined;
  #isInUse = false;
  #isChecked = false;
  /** Whether each model that is set from now on is seen. */
  #seesModels = false;

  /**
   * `onUnknownModel` is called at start, or before the hooks of an invocation whose model turns out to be of another shape.
   * `isReplaced` is asked when an invocation begins: one that begins under this gate stays its own, since the gate that
   * replaces this one does not stand before it.
   */
  constructor(calls: CoreCalls, guard: Guard, onUnknownModel: () => void, isReplaced: () => boolean) {
    this.#calls = calls;
    this.#guard = guard;
    this.#onUnknownModel = onUnknownModel;
    this.#isReplaced = isReplaced;
  }

  /** Whether any invocation has come this way. */
  get isInUse(): boolean {
    return this.#isInUse;
  }

  /** Gates the model in use, and each that is set from now on. */
  install(core: WorkerCore): void {
    this.#gatePresent(core);
    this.#seesModels = replaceMethod(core, 'setProgrammingModel', (original) => (model: ProgrammingModel) => {
      this.#latest = model;
      if (!this.#gateModel(model) && this.#isChecked) this.#onUnknownModel();
      return original(model);
    });
  }

  /** To be called when the app starts: a model that can't be gated is an unknown one from now on. */
  check(core: WorkerCore): void {
    this.#isChecked = true;
    if (!this.#gatePresent(core) || !this.#seesModels) this.#onUnknownModel();
  }

  /** False where the present model can't be gated, or can't be told. A worker that has none yet will be given one. */
  #gatePresent(core: WorkerCore): boolean {
    const canTell = typeof core.getProgrammingModel === 'function';
    const model = (canTell ? core.getProgrammingModel() : undefined) ?? this.#latest;
    return model === undefined ? canTell : this.#gateModel(model);
  }

  #gateModel(model: ProgrammingModel): boolean {
    this.#calls.watchModel(model);
    const present = this.#gated.get(model);
    if (present !== undefined && present === model.getInvocationModel) return true;
    const isGated = replaceMethod(model, 'getInvocationModel', (original) => (core: CoreInvocationContext) => {
      if (this.#isReplaced()) return original(core);
      this.#isInUse = true;
      const invocation = original(core);
      return isPromiseLike(invocation)
        ? invocation.then((late) => this.#gateInvocation(core, late))
        : this.#gateInvocation(core, invocation);
    });
    if (isGated) this.#gated.set(model, model.getInvocationModel);
    return isGated;
  }

  #gateInvocation(core: CoreInvocationContext, model: unknown): unknown {
    if (typeof model !== 'object' || model === null) {
      this.#onUnknownModel();
      return model;
    }
    const gated = model as GatedInvocationModel;
    const call = this.#calls.begin(core);
    const before = gated[servedKey] ?? (gated.invokeFunction as Served | undefined)?.[servedKey];
    if (before !== undefined && before.call !== call && !before.call.isOf(core)) {
      before.call.isShared = call.isShared = true;
      this.#onUnknownModel();
      if (before.gated === gated.invokeFunction) return model;
    }
    this.#gateArguments(gated, call);
    if (!this.#gateServed(gated, { call, gated: undefined })) this.#onUnknownModel();
    return model;
  }

  /**
   * Sees which context the model makes for the invocation. By name, as below. Bound, since an arrow function in this place
   * outlives collections of V8's young generation with all that it holds: two microseconds of an invocation that is logged.
   */
  #gateArguments(model: GatedInvocationModel, call: CoreCall): void {
    const original: unknown = model.getArguments;
    if (typeof original !== 'function' || !hasMember(model, 'getArguments')) return;
    try {
      model.getArguments = this.#makeArguments.bind(this, call, model, original);
    } catch {
      // It can't be replaced: as where there is none.
    }
  }

  #makeArguments(call: CoreCall, model: object, original: unknown, ...args: readonly unknown[]): unknown {
    const made = Reflect.apply(original as (...args: unknown[]) => unknown, model, args);
    return isPromiseLike(made) ? made.then((late) => this.#noteMade(call, late)) : this.#noteMade(call, made);
  }

  #noteMade(call: CoreCall, made: unknown): unknown {
    this.#calls.noteArguments(call, readOf(made, 'context'));
    return made;
  }

  /** False as `replaceMethod` says it. By name and not by that function, since this runs at every invocation. */
  #gateServed(model: GatedInvocationModel, served: ServedInvocation): boolean {
    const original: unknown = model.invokeFunction;
    if (typeof original !== 'function' || !hasMember(model, 'invokeFunction')) return false;
    const gated: InvocationModel['invokeFunction'] & Served = (context, inputs, handler) => {
      const call = served.call.isShared ? served.call : this.#calls.note(served.call, context);
      return this.#guard({
        call,
        context,
        inputs: Array.isArray(inputs) ? inputs : [],
        handler,
        invoke: (final) => Reflect.apply(original, model, [context, inputs, final]) as unknown,
        respond: (response) =>
          !call.isShared && replaceMethod(model, 'getResponse', () => () => Promise.resolve(response)),
      });
    };
    served.gated = gated;
    gated[servedKey] = served;
    try {
      model.invokeFunction = gated;
      if (model.invokeFunction !== gated) return false;
      if (Object.isExtensible(model)) model[servedKey] = served;
    } catch {
      return false;
    }
    return true;
  }
}
