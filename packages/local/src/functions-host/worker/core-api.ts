import Module from 'node:module';
import { type AppContext, type HookName, hookNames } from './app-context.js';
import type {
  FunctionCallback,
  FunctionMetadata,
  HookCallback,
  LogCategory,
  LogLevel,
  ProgrammingModel,
} from './core-types.js';
import { writeAppLog } from './hooks.js';

/** The versions of the host and the worker that this host follows. Libraries compare them as numbers. */
const hostVersion = '4.1056.100';
const workerVersion = '3.17.3';

/**
 * The object that the app's libraries get from `require('@azure/functions-core')`. It is not frozen, because Certgate's
 * adapter replaces `registerFunction` and `setProgrammingModel`.
 */
export interface CoreApi {
  version: string;
  hostVersion: string;
  workerVersion: string;
  registerFunction(metadata: FunctionMetadata, callback: FunctionCallback): Disposable;
  registerHook(name: string, callback: HookCallback): Disposable;
  setProgrammingModel(model: ProgrammingModel): void;
  getProgrammingModel(): ProgrammingModel | undefined;
  log(level: LogLevel, category: LogCategory, message: string): void;
  Disposable: typeof Disposable;
}

export function createCoreApi(app: AppContext): CoreApi {
  const coreApi: CoreApi = {
    version: workerVersion,
    hostVersion,
    workerVersion,
    registerFunction: (metadata, callback) => registerFunction(app, metadata, callback),
    registerHook: (name, callback) => registerHook(app, name, callback),
    setProgrammingModel: (model) => {
      app.programmingModel = model;
    },
    getProgrammingModel: () => app.programmingModel,
    log: (level, category, message) => {
      writeAppLog(app, { level, category, message });
    },
    Disposable,
  };
  app.coreApi = coreApi;
  return coreApi;
}

/**
 * Makes every `require('@azure/functions-core')` of the process return this object, as in the worker. It must be called
 * before the app's first import, because the library looks for the module once, and otherwise stays in its "test mode",
 * in which nothing registers.
 */
export function supplyCoreModule(coreApi: CoreApi): void {
  // Certgate's adapter accepts this mark as evidence of a local host. It is not an environment variable, which anybody
  // might copy to a server.
  Object.defineProperty(globalThis, Symbol.for('certgate/local-host/v1'), { value: true });
  // oxlint-disable-next-line typescript/unbound-method -- called with its own `this` below.
  const original = Module.prototype.require;
  Module.prototype.require = Object.assign(function (this: NodeJS.Module, id: string): unknown {
    return id === '@azure/functions-core' ? coreApi : original.call(this, id);
  }, original);
}

function registerFunction(app: AppContext, metadata: FunctionMetadata, callback: FunctionCallback): Disposable {
  if (app.registrationClosed) {
    throw new Error(`The function "${metadata.name}" can't be registered: that is possible only while the app starts.`);
  }
  const id = metadata.functionId ?? metadata.name;
  if (app.functions.has(id)) {
    app.duplicateFunction = metadata.name;
    throw new Error(`A function with the name "${metadata.name}" has already been registered.`);
  }
  app.functions.set(id, { metadata: { ...metadata, functionId: id }, callback });
  return new Disposable(() => {
    if (app.registrationClosed) throw new Error('A function can be disposed only while the app starts.');
    app.functions.delete(id);
  });
}

function registerHook(app: AppContext, name: string, callback: HookCallback): Disposable {
  if (!isHookName(name)) throw new RangeError(`Unrecognized hook "${name}"`);
  const hooks = app.hooks[name];
  hooks.push(callback);
  return new Disposable(() => {
    const index = hooks.indexOf(callback);
    if (index !== -1) hooks.splice(index, 1);
  });
}

function isHookName(name: string): name is HookName {
  return (hookNames as readonly string[]).includes(name);
}

/** The result of a registration, which the worker offers to apps as `Disposable`. It undoes the registration once. */
class Disposable {
  #undo: (() => unknown) | undefined;

  constructor(undo: () => unknown) {
    this.#undo = undo;
  }

  static from(...disposables: { dispose(): unknown }[]): Disposable {
    return new Disposable(() => {
      for (const disposable of disposables) disposable.dispose();
    });
  }

  dispose(): unknown {
    const undo = this.#undo;
    this.#undo = undefined;
    return undo?.();
  }
}
