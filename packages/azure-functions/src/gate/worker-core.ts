// Not by its own name: the banner that bundles as ES modules need declares `createRequire` at their top level too.
import * as nodeModule from 'node:module';
import { readMember } from '@certgate/core';

/** A function's registration as `@azure/functions` hands it to the worker. */
export interface FunctionMetadata {
  readonly name?: string;
  readonly bindings?: Readonly<Record<string, { readonly type?: unknown }>>;
}

/** What the worker asks once the entry files are loaded. */
export interface ProgrammingModel {
  getCapabilities?: (capabilities: Record<string, string>) => unknown;
}

export interface WorkerCore {
  /** Looked up on the object at each call, and replaceable. */
  registerFunction: (metadata: FunctionMetadata, callback: unknown) => unknown;
  readonly getProgrammingModel?: () => ProgrammingModel | undefined;
}

/**
 * The worker's core module: there at run time only, through any `require` of the process, since the worker (and our
 * local host) answers for it in `Module.prototype.require`. Undefined in users' unit tests.
 *
 * The `require` starts at Node's own executable: the working directory may be gone, or hold a package of that name.
 */
export function findWorkerCore(): WorkerCore | undefined {
  try {
    const core: unknown = nodeModule.createRequire(process.execPath)('@azure/functions-core');
    return isWorkerCore(core) ? core : undefined;
  } catch {
    return undefined;
  }
}

function isWorkerCore(core: unknown): core is WorkerCore {
  return (
    typeof core === 'object' &&
    core !== null &&
    'registerFunction' in core &&
    typeof core.registerFunction === 'function'
  );
}

/**
 * HTTP triggers are known by their binding's type, whose letter case `app.generic` leaves to the user. Whatever the
 * library would take for that text counts, a `String` object too.
 */
export function isHttpTriggerType(type: unknown): boolean {
  return String(type).toLowerCase() === 'httptrigger';
}

export function hasHttpTrigger({ bindings }: FunctionMetadata): boolean {
  return Object.values(bindings ?? {}).some(({ type }) => isHttpTriggerType(type));
}

/**
 * Told by its `then`, never by `instanceof Promise`: libraries put a Promise of their own in the global's place, and what
 * an `async` function returns is then no instance of it. A promise that is taken for a value would be a bypass.
 */
export function isPromiseLike<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function';
  return isObject && typeof readMember(value, 'then') === 'function';
}
