// Imported as a namespace, because the banner that bundles as ES modules need also declares `createRequire` at its top
// level.
import * as nodeModule from 'node:module';
import { readMember } from '@certgate/core';

export interface FunctionBinding {
  readonly type?: unknown;
  readonly direction?: unknown;
  /** The level of an HTTP trigger's key: whether the host requires a key. */
  readonly authLevel?: unknown;
  /** The pattern of an HTTP trigger's route. If it is absent, the route is the function's name. */
  readonly route?: unknown;
  /** The source of a blob trigger: `EventGrid` if a webhook starts the function. */
  readonly source?: unknown;
  /** Whether the host reads an MCP tool's returned text as a tool's result, and not only as the text in it. */
  readonly useResultSchema?: unknown;
  /** The name by which clients call an MCP tool, prompt or resource. Each trigger has one of the three. */
  readonly toolName?: unknown;
  readonly promptName?: unknown;
  readonly uri?: unknown;
}

/** A function's registration as `@azure/functions` hands it to the worker. */
export interface FunctionMetadata {
  readonly name?: string;
  readonly bindings?: Readonly<Record<string, FunctionBinding>>;
}

/** What the worker knows about one invocation, before any model or hook has seen it. */
export interface CoreInvocationContext {
  readonly invocationId?: string;
  readonly metadata?: FunctionMetadata;
  /** The invocation's data as the host sent it. */
  readonly request?: unknown;
  readonly log?: (level: string, category: string, message: string) => unknown;
}

/**
 * One invocation of a programming model. The worker calls `getArguments` before all `preInvocation` hooks, `invokeFunction`
 * after them, and, unless that failed, `getResponse` after all `postInvocation` hooks.
 */
export interface InvocationModel {
  getArguments?: (...args: readonly unknown[]) => unknown;
  invokeFunction: (context: unknown, inputs: unknown, handler: unknown) => unknown;
  getResponse?: (context: unknown, result: unknown) => unknown;
}

/** What an invocation answers to the host (`RpcInvocationResponse`). */
export interface InvocationResponse {
  readonly invocationId: string;
  readonly outputData: readonly [];
  readonly returnValue: { readonly string: string };
}

/**
 * Turns the worker's messages into the arguments of a handler. It is the model of `@azure/functions` 4, or the model of
 * version 3 that the worker has for `function.json` functions. It is not public API, so any member may be missing one
 * day.
 */
export interface ProgrammingModel {
  readonly name?: unknown;
  readonly version?: unknown;
  getInvocationModel?: (context: CoreInvocationContext) => unknown;
  getCapabilities?: (capabilities: Record<string, string>) => unknown;
}

/**
 * The worker's core module. Its members are read from the object at each call, and can be replaced. Any of them may be
 * missing one day.
 */
export interface WorkerCore {
  registerFunction?: (metadata: FunctionMetadata, callback: unknown) => unknown;
  setProgrammingModel?: (model: ProgrammingModel) => unknown;
  readonly getProgrammingModel?: () => ProgrammingModel | undefined;
}

/**
 * Finds the worker's core module. It exists only at run time, through any `require` of the process, because the worker
 * (and our local host) provides it in `Module.prototype.require`. Undefined in users' unit tests.
 *
 * The `require` starts at Node's own executable, because the working directory may be gone or contain a package of that
 * name.
 */
export function findWorkerCore(): WorkerCore | undefined {
  try {
    const core: unknown = nodeModule.createRequire(process.execPath)('@azure/functions-core');
    return typeof core === 'object' && core !== null ? core : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Replaces a method. Returns false if the object lacks the method or is frozen, or if it does not return what was
 * written (an accessor, a proxy). Callers then must not rely on the replacement.
 */
export function replaceMethod<Target extends object>(
  target: Target,
  name: keyof Target,
  create: (original: (...args: unknown[]) => unknown) => (...args: never[]) => unknown,
): boolean {
  const original = readMember(target, name);
  if (typeof original !== 'function') return false;
  const replacement = create((...args) => Reflect.apply(original, target, args) as unknown);
  return Reflect.set(target, name, replacement) && Reflect.get(target, name) === replacement;
}

/**
 * `unknown-mcp` is a trigger of the MCP extension that this version doesn't know, so nobody can be admitted through it.
 */
export type TriggerKind = 'http' | 'unknown-mcp' | 'mcp' | 'other';

const mcpTriggers: ReadonlySet<string> = new Set(['mcptooltrigger', 'mcpresourcetrigger', 'mcpprompttrigger']);

/**
 * The kind of trigger of a binding. Undefined if the binding is not a trigger. In `app.generic`, the user chooses the
 * letter case, and whatever the library would convert to a text is accepted, even a `String` object.
 *
 * MCP triggers have a kind of their own, because the host's MCP extension serves them over HTTP to everybody who has
 * one shared key.
 */
export function findTriggerKind(type: unknown): TriggerKind | undefined {
  const name = String(type).toLowerCase();
  if (!name.endsWith('trigger')) return undefined;
  if (name === 'httptrigger') return 'http';
  if (mcpTriggers.has(name)) return 'mcp';
  return name.startsWith('mcp') ? 'unknown-mcp' : 'other';
}

export function isMcp(kind: TriggerKind | undefined): boolean {
  return kind === 'mcp' || kind === 'unknown-mcp';
}

/**
 * The kind of a function by all information about it: HTTP if anything shows it, otherwise MCP if anything shows that.
 * Undefined if there is no information.
 */
export function joinTriggerKinds(kinds: readonly (TriggerKind | undefined)[]): TriggerKind | undefined {
  return (['http', 'unknown-mcp', 'mcp', 'other'] as const).find((kind) => kinds.includes(kind));
}

export function findFunctionKind(metadata: FunctionMetadata | undefined): TriggerKind | undefined {
  const bindings = metadata?.bindings;
  if (typeof bindings !== 'object') return undefined;
  let kind: TriggerKind | undefined;
  // A loop, because this runs at every invocation.
  for (const binding of Object.values(bindings)) {
    const each = findTriggerKind(binding.type);
    if (each !== undefined) kind = kind === undefined ? each : joinTriggerKinds([kind, each]);
  }
  return kind;
}

/**
 * By trigger, the extension of the host that starts functions at `/runtime/webhooks/<extension>` for everybody who has
 * its key.
 */
const webhooks: ReadonlyMap<string, string> = new Map([
  ['connectortrigger', 'connector'],
  ['entitytrigger', 'durabletask'],
  ['eventgridtrigger', 'eventgrid'],
  ['orchestrationtrigger', 'durabletask'],
  ['signalrtrigger', 'signalr'],
  ['webpubsubtrigger', 'webpubsub'],
]);

/**
 * The extension that starts this function over HTTP without an HTTP or MCP trigger. No certificate is decided there.
 * Undefined if there is none.
 */
export function findWebhook({ bindings = {} }: FunctionMetadata): string | undefined {
  for (const binding of Object.values(bindings)) {
    const type = String(binding.type).toLowerCase();
    const isByEventGrid = type === 'blobtrigger' && String(readMember(binding, 'source')).toLowerCase() === 'eventgrid';
    const extension = isByEventGrid ? 'blobs' : webhooks.get(type);
    if (extension !== undefined) return extension;
  }
  return undefined;
}

/**
 * Whether the host lets nobody call the function over HTTP without a key. Without an `authLevel`, `app.http` registers
 * `anonymous`. `app.generic` registers none, and although the host then uses `function`, the app has not asked for
 * that.
 */
export function requiresKey(metadata: FunctionMetadata): boolean {
  const triggers = Object.values(metadata.bindings ?? {}).filter(({ type }) => findTriggerKind(type) === 'http');
  return triggers.length > 0 && triggers.every(asksForKey);
}

/**
 * Whether the trigger requires a key. The host ignores the letter case of names, and which of two spellings it would
 * use is not documented.
 */
function asksForKey(trigger: FunctionBinding): boolean {
  const spellings = Object.keys(trigger).filter((name) => name.toLowerCase() === 'authlevel');
  return spellings.length === 1 && isKeyLevel(readMember(trigger, 'authLevel'));
}

/**
 * Whether the level requires a key. The host ignores its letter case. It has undocumented levels, which are treated as
 * no key.
 */
function isKeyLevel(authLevel: unknown): boolean {
  return typeof authLevel === 'string' && ['function', 'admin'].includes(authLevel.toLowerCase());
}

/**
 * Whether the value is a promise. It is recognised by its `then`, never by `instanceof Promise`, because libraries
 * replace the global Promise, and the result of an `async` function is then not an instance of it. A promise that is
 * taken for a value would be a way past the gate.
 */
export function isPromiseLike<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return hasMembers(value) && typeof readMember(value, 'then') === 'function';
}

/** Whether the value is an object or a function. */
export function hasMembers(value: unknown): value is object {
  return (typeof value === 'object' || typeof value === 'function') && value !== null;
}
