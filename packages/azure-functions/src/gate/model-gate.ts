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

/** One invocation at the last moment before its handler runs, when all `preInvocation` hooks have run. */
export interface ModelInvocation {
  readonly call: CoreCall;
  readonly context: unknown;
  readonly inputs: readonly unknown[];
  /** The handler, as the hooks have left it. */
  readonly handler: unknown;
  /** Calls the programming model's own method with this handler. */
  readonly invoke: (handler: unknown) => unknown;
  /**
   * Replaces the answer that the programming model would make of the handler's result. Returns false if that is
   * impossible; the answer is then unchanged.
   */
  readonly respond: (response: InvocationResponse) => boolean;
}

/** The invocation that a model's object serves. */
interface ServedInvocation {
  readonly call: CoreCall;
  /** The function with which this gate has replaced `invokeFunction`. */
  gated: unknown;
}

/**
 * The key under which that is kept. It is on the model's object, because a WeakMap would cost each invocation three
 * microseconds. It is also on the replacing function, because the object may not be extensible, or only its methods may
 * be copied.
 */
const servedKey = Symbol('served invocation');

interface Served {
  [servedKey]?: ServedInvocation;
}

type GatedInvocationModel = InvocationModel & Served;

/** Decides an invocation. Returns what `invoke` returned, or a promise of it. */
type Guard = (invocation: ModelInvocation) => unknown;

/**
 * Decides before the handler of every invocation, whichever programming model serves it: the one of version 3 with
 * which the worker starts, the one of `@azure/functions`, and that of each copy of the library that is loaded later.
 *
 * The worker calls `getInvocationModel` of the model that was set last, then `getArguments` of the result, all
 * `preInvocation` hooks, and `invokeFunction`. None of these methods is public API. The gate reports a model whose
 * `getInvocationModel` or `invokeFunction` is missing. Without `getArguments`, a call of a handler by a hook is decided
 * by the handler's own arguments.
 */
export class ModelGate {
  readonly #calls: CoreCalls;
  readonly #guard: Guard;
  readonly #onUnknownModel: () => void;
  readonly #isReplaced: () => boolean;
  /** The `getInvocationModel` that this gate has put into each model. */
  readonly #gated = new WeakMap<ProgrammingModel, unknown>();
  #latest: ProgrammingModel | undefined;
  #isInUse = false;
  #isChecked = false;
  /** Whether the gate sees each model that is set from now on. */
  #seesModels = false;

  /**
   * `onUnknownModel` is called if a model has another shape, or if one object serves two invocations. That is noticed
   * at the start, when a model is set afterwards, or before the hooks of an invocation. `isReplaced` is asked when an
   * invocation begins. An invocation that began under this gate stays with it, because the gate that replaces this one
   * has not seen its beginning.
   */
  constructor(calls: CoreCalls, guard: Guard, onUnknownModel: () => void, isReplaced: () => boolean) {
    this.#calls = calls;
    this.#guard = guard;
    this.#onUnknownModel = onUnknownModel;
    this.#isReplaced = isReplaced;
  }

  /** Whether any invocation has passed through a gated model. */
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

  /** Must be called when the app starts. From then on, a model that can't be gated is reported as unknown. */
  check(core: WorkerCore): void {
    this.#isChecked = true;
    if (!this.#gatePresent(core) || !this.#seesModels) this.#onUnknownModel();
  }

  /**
   * Gates the present model. False if it can't be gated, or if the worker can't tell which one it is and none was seen.
   * True if the worker has none yet, because it will be given one later.
   */
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
   * Notes the context that the model makes for the invocation. It assigns the method by name, like `#gateServed`. The
   * function is bound, because an arrow function here would survive collections of V8's young generation with
   * everything that it refers to, which costs two microseconds for an invocation that is logged.
   */
  #gateArguments(model: GatedInvocationModel, call: CoreCall): void {
    const original: unknown = model.getArguments;
    if (typeof original !== 'function' || !hasMember(model, 'getArguments')) return;
    try {
      model.getArguments = this.#makeArguments.bind(this, call, model, original);
    } catch {
      // The method can't be replaced, which has the same effect as a missing one.
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

  /**
   * Replaces `invokeFunction`. Returns false in the same cases as `replaceMethod`, which is not used because this runs
   * at every invocation.
   */
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
