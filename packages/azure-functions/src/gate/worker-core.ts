// Not by its own name: the banner that bundles as ES modules need declares `createRequire` at their top level too.
import * as nodeModule from 'node:module';
import { readMember } from '@certgate/core';

export interface FunctionBinding {
  readonly type?: unknown;
  readonly direction?: unknown;
  /** Of an HTTP trigger: whether the host asks for a key. */
  readonly authLevel?: unknown;
  /** Of an HTTP trigger: the pattern; absent: the function's name. */
  readonly route?: unknown;
  /** Of a blob trigger: `EventGrid` where a webhook starts the function. */
  readonly source?: unknown;
  /** Of an MCP tool: whether the host reads the returned text as a tool's result, and not as its text alone. */
  readonly useResultSchema?: unknown;
  /** What clients call an MCP tool, prompt or resource by. */
  readonly toolName?: unknown;
  readonly promptName?: unknown;
  readonly uri?: unknown;
}

/** A function's registration as `@azure/functions` hands it to the worker. */
export interface FunctionMetadata {
  readonly name?: string;
  readonly bindings?: Readonly<Record<string, FunctionBinding>>;
}

/** What the worker knows of one invocation, before any model or hook has seen it. */
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
 * What turns the worker's messages into the arguments of a handler: the one of `@azure/functions` 4, or the one of version 3
 * that the worker brings for `function.json` functions. Not public API, so any member may be missing one day.
 */
export interface ProgrammingModel {
  readonly name?: unknown;
  readonly version?: unknown;
  getInvocationModel?: (context: CoreInvocationContext) => unknown;
  getCapabilities?: (capabilities: Record<string, string>) => unknown;
}

/** The members are looked up on the object at each call, and can be replaced. Any may be missing one day. */
export interface WorkerCore {
  registerFunction?: (metadata: FunctionMetadata, callback: unknown) => unknown;
  setProgrammingModel?: (model: ProgrammingModel) => unknown;
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
    return typeof core === 'object' && core !== null ? core : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Puts another method in a method's place. False where there is none, the object is frozen, or what was written is not what
 * is read afterwards (an accessor, a proxy): callers then must not count on it.
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

/** `unknown-mcp`: a trigger of the MCP extension that this version doesn't know, so that nobody can be let in by it. */
export type TriggerKind = 'http' | 'unknown-mcp' | 'mcp' | 'other';

const mcpTriggers: ReadonlySet<string> = new Set(['mcptooltrigger', 'mcpresourcetrigger', 'mcpprompttrigger']);

/**
 * What kind of trigger a binding is; undefined for what is no trigger. The letter case is the user's in `app.generic`, and
 * whatever the library would take for a text counts, a `String` object too.
 *
 * MCP triggers are named because the host's MCP extension serves them over HTTP, to whoever has one key that all share.
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
 * The kind of a function by everything that tells of it: HTTP if anything says so, then MCP. Undefined where nothing tells.
 */
export function joinTriggerKinds(kinds: readonly (TriggerKind | undefined)[]): TriggerKind | undefined {
  return (['http', 'unknown-mcp', 'mcp', 'other'] as const).find((kind) => kinds.includes(kind));
}

export function findFunctionKind(metadata: FunctionMetadata | undefined): TriggerKind | undefined {
  const bindings = metadata?.bindings;
  if (typeof bindings !== 'object') return undefined;
  let kind: TriggerKind | undefined;
  // A loop, since this runs at every invocation.
  for (const binding of Object.values(bindings)) {
    const each = findTriggerKind(binding.type);
    if (each !== undefined) kind = kind === undefined ? each : joinTriggerKinds([kind, each]);
  }
  return kind;
}

/** By trigger, the extension of the host that starts functions at `/runtime/webhooks/<extension>`, for whoever has its key. */
const webhooks: ReadonlyMap<string, string> = new Map([
  ['connectortrigger', 'connector'],
  ['entitytrigger', 'durabletask'],
  ['eventgridtrigger', 'eventgrid'],
  ['orchestrationtrigger', 'durabletask'],
  ['signalrtrigger', 'signalr'],
  ['webpubsubtrigger', 'webpubsub'],
]);

/** The extension that starts this function over HTTP, past HTTP and MCP triggers. No certificate is decided there. */
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
 * Whether the host lets nobody call the function over HTTP without a key. `app.http` without an `authLevel` registers
 * `anonymous`; `app.generic` registers none, and although the host takes `function` then, nobody has said it.
 */
export function requiresKey(metadata: FunctionMetadata): boolean {
  const triggers = Object.values(metadata.bindings ?? {}).filter(({ type }) => findTriggerKind(type) === 'http');
  return triggers.length > 0 && triggers.every(asksForKey);
}

/** The host reads names without letter case too, and nothing says which of two spellings it would take. */
function asksForKey(trigger: FunctionBinding): boolean {
  const spellings = Object.keys(trigger).filter((name) => name.toLowerCase() === 'authlevel');
  return spellings.length === 1 && isKeyLevel(readMember(trigger, 'authLevel'));
}

/** The host reads the level without letter case. It has others, which no document tells of: they count as none. */
function isKeyLevel(authLevel: unknown): boolean {
  return typeof authLevel === 'string' && ['function', 'admin'].includes(authLevel.toLowerCase());
}

/**
 * Told by its `then`, never by `instanceof Promise`: libraries put a Promise of their own in the global's place, and what
 * an `async` function returns is then no instance of it. A promise that is taken for a value would be a bypass.
 */
export function isPromiseLike<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return hasMembers(value) && typeof readMember(value, 'then') === 'function';
}

/** An object or a function. */
export function hasMembers(value: unknown): value is object {
  return (typeof value === 'object' || typeof value === 'function') && value !== null;
}
