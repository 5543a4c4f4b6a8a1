import { isPromiseLike, replaceMethod } from './worker-core.js';
import type { CoreInvocationContext, InvocationModel, ProgrammingModel, WorkerCore } from './worker-core.js';

/** One invocation at the last moment before its handler: all `preInvocation` hooks have run. */
export interface ModelInvocation {
  readonly core: CoreInvocationContext;
  readonly context: unknown;
  readonly inputs: readonly unknown[];
  /** What the hooks have left as the handler. */
  readonly handler: unknown;
  /** Goes on as the programming model would have, with this handler. */
  readonly invoke: (handler: unknown) => unknown;
}

/** Returns what `invoke` gave, or a promise of it. */
type Guard = (invocation: ModelInvocation) => unknown;

/**
 * Stands before the handler of every invocation, whichever programming model serves it: the one of version 3 that the
 * worker starts with, the one of `@azure/functions`, and that of each copy of the library that is loaded later.
 *
 * The worker calls `getInvocationModel` of the model that was set last, and then `invokeFunction` of what it returns, after
 * all `preInvocation` hooks. Neither is public API, so what is missing is reported and not assumed.
 */
export class ModelGate {
  readonly #guard: Guard;
  readonly #onUnknownModel: () => void;
  readonly #watchModel: (model: ProgrammingModel) => void;
  /** By model: the `getInvocationModel` that this gate has put there. */
  readonly #gated = new WeakMap<ProgrammingModel, unknown>();
  #latest: ProgrammingModel | undefined;
  #isInUse = false;
  #isChecked = false;

  /** `onUnknownModel` is called at start, or before the hooks of an invocation that turns out to have no `invokeFunction`. */
  constructor(guard: Guard, watchModel: (model: ProgrammingModel) => void, onUnknownModel: () => void) {
    this.#guard = guard;
    this.#watchModel = watchModel;
    this.#onUnknownModel = onUnknownModel;
  }

  /** Whether any invocation has come this way. */
  get isInUse(): boolean {
    return this.#isInUse;
  }

  /** Gates the model in use, and each that is set from now on. */
  install(core: WorkerCore): void {
    this.#gatePresent(core);
    replaceMethod(core, 'setProgrammingModel', (original) => (model: ProgrammingModel) => {
      this.#latest = model;
      if (!this.#gateModel(model) && this.#isChecked) this.#onUnknownModel();
      return original(model);
    });
  }

  /** To be called when the app starts: a model that can't be gated is an unknown one from now on. */
  check(core: WorkerCore): void {
    this.#isChecked = true;
    if (!this.#gatePresent(core)) this.#onUnknownModel();
  }

  /** False where the present model can't be gated, or can't be told. A worker that has none yet will be given one. */
  #gatePresent(core: WorkerCore): boolean {
    const canTell = typeof core.getProgrammingModel === 'function';
    const model = (canTell ? core.getProgrammingModel() : undefined) ?? this.#latest;
    return model === undefined ? canTell : this.#gateModel(model);
  }

  #gateModel(model: ProgrammingModel): boolean {
    this.#watchModel(model);
    const present = this.#gated.get(model);
    if (present !== undefined && present === model.getInvocationModel) return true;
    const isGated = replaceMethod(model, 'getInvocationModel', (original) => (core: CoreInvocationContext) => {
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
    const isGated =
      typeof model === 'object' &&
      model !== null &&
      replaceMethod(
        model as InvocationModel,
        'invokeFunction',
        (original) => (context: unknown, inputs: unknown, handler: unknown) =>
          this.#guard({
            core,
            context,
            inputs: Array.isArray(inputs) ? inputs : [],
            handler,
            invoke: (final) => original(context, inputs, final),
          }),
      );
    if (!isGated) this.#onUnknownModel();
    return model;
  }
}
