import type { TestContext } from 'node:test';
import { randomUUID } from 'node:crypto';
import Module, { createRequire } from 'node:module';
import type * as AzureFunctions from '@azure/functions';

type Callback = (...args: unknown[]) => unknown;
type HookName = 'appStart' | 'preInvocation' | 'postInvocation';

interface Metadata {
  readonly name: string;
  readonly bindings: Readonly<Record<string, { readonly type: string; readonly direction: string }>>;
}

interface RpcHttp {
  readonly statusCode?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: { readonly bytes?: Uint8Array; readonly string?: string } | null;
}

interface RpcResponse {
  readonly returnValue?: { readonly http?: RpcHttp; readonly json?: string; readonly string?: string } | null;
  readonly outputData?: readonly { readonly name: string; readonly data?: { readonly http?: RpcHttp } | null }[];
}

interface Model {
  getInvocationModel(context: object): {
    getArguments(): Promise<{ context: unknown; inputs: unknown[] }>;
    invokeFunction(context: unknown, inputs: unknown[], handler: Callback): Promise<unknown>;
    getResponse(context: unknown, result: unknown): Promise<RpcResponse>;
  };
  getCapabilities?(capabilities: object): unknown;
}

export interface LogEntry {
  readonly level: string;
  readonly category: string;
  readonly message: string;
}

export interface Call {
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
  readonly body?: string;
  /** Members of the request as the host sends it. They replace those above. */
  readonly http?: object;
  /** The data of a trigger other than HTTP. */
  readonly data?: object;
  /** The data of the other inputs, by their names. */
  readonly extraInputs?: Readonly<Record<string, object>>;
}

export interface Answer {
  /** The HTTP status. 500 for whatever the worker would report as a failed invocation. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly error: unknown;
  readonly response: RpcResponse | undefined;
  readonly invocationId: string;
}

/**
 * The worker's half of `@azure/functions-core`, after azure-functions-nodejs-worker: `registerFunction` is looked up on
 * the object, hooks are in a live list that is iterated while they may dispose themselves, and an invocation runs
 * getInvocationModel → getArguments → pre hooks → invokeFunction → post hooks → getResponse.
 */
export class TestWorker {
  readonly logs: LogEntry[] = [];
  readonly functions: Map<string, { readonly metadata: Metadata; readonly callback: Callback }> = new Map();
  readonly hooks: Record<HookName, Callback[]> = { appStart: [], preInvocation: [], postInvocation: [] };
  model: Model | undefined;

  readonly core: Record<string, unknown> & { registerFunction: (metadata: Metadata, callback: Callback) => unknown } = {
    version: '3.17.3',
    hostVersion: '4.1056.100',
    registerFunction: (metadata: Metadata, callback: Callback): unknown => {
      if (this.functions.has(metadata.name)) {
        throw new Error(`A function with the name "${metadata.name}" has already been registered.`);
      }
      this.functions.set(metadata.name, { metadata, callback });
      return { dispose: (): boolean => this.functions.delete(metadata.name) };
    },
    registerHook: (name: HookName, callback: Callback): { dispose(): void } => {
      const list = this.hooks[name];
      list.push(callback);
      return {
        dispose: (): void => {
          const index = list.indexOf(callback);
          if (index !== -1) list.splice(index, 1);
        },
      };
    },
    setProgrammingModel: (model: Model): void => {
      this.model = model;
    },
    getProgrammingModel: (): Model | undefined => this.model,
    log: (level: string, category: string, message: string): void => {
      this.logs.push({ level, category, message });
    },
  };

  /** Runs the worker's start, once the entry files are loaded. */
  async start(): Promise<unknown> {
    await this.#walk('appStart', {});
    return this.model?.getCapabilities?.({});
  }

  async invoke(name: string, call: Call = {}, invocationId: string = randomUUID()): Promise<Answer> {
    try {
      const response = await this.#invoke(name, call, invocationId);
      const named = response.outputData?.find(({ data }) => data?.http !== undefined)?.data?.http;
      const http = response.returnValue?.http ?? named;
      const { bytes, string = '' } = http?.body ?? {};
      return {
        status: Number(http?.statusCode ?? 204),
        headers: http?.headers ?? {},
        body: bytes === undefined ? string : Buffer.from(bytes).toString(),
        error: undefined,
        response,
        invocationId,
      };
    } catch (error) {
      return { status: 500, headers: {}, body: '', error, response: undefined, invocationId };
    }
  }

  /** The handler that the app registered under this name, without the worker and the gate of the programming model. */
  getHandler(name: string): Callback {
    return this.#getFunction(name).callback;
  }

  #getFunction(name: string): { readonly metadata: Metadata; readonly callback: Callback } {
    const registered = this.functions.get(name);
    if (registered === undefined) throw new Error(`There is no function ${name}`);
    return registered;
  }

  async #invoke(name: string, call: Call, invocationId: string): Promise<RpcResponse> {
    const { metadata, callback } = this.#getFunction(name);
    if (this.model === undefined) throw new Error('The app has set no programming model');
    const model = this.model.getInvocationModel({
      invocationId,
      metadata,
      request: { invocationId, inputData: createInputs(metadata, call), triggerMetadata: {} },
      log: (level: string, category: string, message: string): void => {
        this.logs.push({ level, category, message });
      },
    });
    const { context, inputs } = await model.getArguments();
    const shared = { hookData: {}, appHookData: {}, invocationContext: context };
    const before = { ...shared, functionCallback: callback, inputs };
    await this.#walk('preInvocation', before);
    const after: { result: unknown; error: unknown } = { result: null, error: null };
    const post = Object.assign(after, shared, { inputs: before.inputs });
    try {
      post.result = await model.invokeFunction(context, before.inputs, before.functionCallback);
    } catch (error) {
      post.error = error;
    }
    await this.#walk('postInvocation', post);
    if (post.error !== null && post.error !== undefined) throw asError(post.error);
    return model.getResponse(context, post.result);
  }

  /** Iterates over the live list, so that a hook which disposes itself makes the loop skip the hook after it. */
  async #walk(name: HookName, context: object): Promise<void> {
    for (const hook of this.hooks[name]) await hook(context);
  }

  /**
   * The lines that this adapter wrote through a context, parsed. Without status lines, which are written when the hour
   * changes.
   */
  get decisions(): readonly Record<string, unknown>[] {
    return this.logs
      .filter(({ category, message }) => category === 'user' && message.startsWith('{"certgate"'))
      .map(({ message }) => JSON.parse(message) as Record<string, unknown>)
      .filter(({ event }) => event !== 'status');
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function createInputs(
  metadata: Metadata,
  { headers = {}, method = 'GET', body, data, http: other, extraInputs = {} }: Call,
): readonly object[] {
  const extra = Object.entries(extraInputs).map(([name, value]) => ({ name, data: value }));
  const triggers = Object.entries(metadata.bindings)
    .filter(([, { type }]) => /trigger$/i.test(type))
    .map(([name]) => {
      if (data !== undefined) return { name, data };
      const http = {
        method,
        url: `http://localhost/api/${metadata.name}`,
        headers,
        ...(body === undefined ? {} : { body: { string: body } }),
        ...other,
      };
      return { name, data: { http } };
    });
  return [...extra, ...triggers];
}

const require = createRequire(import.meta.url);
let currentWorker: TestWorker | undefined;

// oxlint-disable-next-line typescript/unbound-method -- called with its own `this` below.
const originalRequire = Module.prototype.require;
Module.prototype.require = Object.assign(function (this: NodeJS.Module, id: string): unknown {
  if (id === '@azure/functions-core' && currentWorker !== undefined) return currentWorker.core;
  return originalRequire.call(this, id);
}, originalRequire);

/** Creates a worker that provides `@azure/functions-core` until the test ends. */
export function createWorker(context: TestContext): TestWorker {
  const worker = new TestWorker();
  useWorker(worker);
  // Silences the status line of each start. A program that plays the worker has no mocks.
  (context as Partial<TestContext>).mock?.method(console, 'info', () => undefined);
  context.after(() => {
    currentWorker = undefined;
  });
  return worker;
}

export function useWorker(worker: TestWorker): void {
  currentWorker = worker;
}

/**
 * Loads a new copy of the library. The library looks for its core only once, so each worker needs a copy of its own.
 */
export function loadFunctionsLibrary(): typeof AzureFunctions {
  Reflect.deleteProperty(require.cache, require.resolve('@azure/functions'));
  return require('@azure/functions') as typeof AzureFunctions;
}
