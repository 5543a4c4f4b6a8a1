import { randomBytes, randomUUID } from 'node:crypto';
import type { AppContext, RegisteredCallback } from './app-context.js';
import type {
  CoreInvocationContext,
  FunctionCallback,
  InvocationRequest,
  InvocationResponse,
  LogCategory,
  LogLevel,
  ProgrammingModel,
} from './core-types.js';
import { type DurableStandIn, isDurableClient } from './durable-client.js';
import { executeHooks, withReadOnly, writeAppLog, type InvocationHookData } from './hooks.js';

export interface InvocationOutcome {
  readonly response: InvocationResponse;
  /** The result after the post hooks. With HTTP streaming, only the result shows whether the library has answered. */
  readonly result: unknown;
}

/** Runs one invocation in the worker's order (`InvocationHandler`). Rejects with the error that made it fail. */
export async function invoke(
  app: AppContext,
  registered: RegisteredCallback,
  request: InvocationRequest,
): Promise<InvocationOutcome> {
  const invocation = new CoreInvocation(app, registered, request);
  const model = await requireModel(app).getInvocationModel(invocation);
  const hookData: Record<string, unknown> = {};
  const { context, inputs } = await model.getArguments();
  invocation.hookData = { hookData, invocationContext: context };
  const fixed = { hookData, appHookData: app.appHookData, invocationContext: context };

  const before = withReadOnly<{ functionCallback: FunctionCallback; inputs: unknown[] }, typeof fixed>(
    { functionCallback: registered.callback, inputs },
    fixed,
  );
  await invocation.runHooks('preInvocation', before);

  const after = withReadOnly<{ inputs: unknown[]; result: unknown; error: unknown }, typeof fixed>(
    { inputs: before.inputs, result: null, error: null },
    fixed,
  );
  invocation.state = 'invocation';
  try {
    after.result = await model.invokeFunction(context, before.inputs, before.functionCallback);
  } catch (error) {
    after.error = error;
  } finally {
    invocation.state = undefined;
  }
  await invocation.runHooks('postInvocation', after);

  if (after.error !== null && after.error !== undefined) throw toError(after.error);
  return { response: await model.getResponse(context, after.result), result: after.result };
}

/** What a trigger gives to its function. */
export interface TriggerEvent extends Pick<InvocationRequest, 'triggerMetadata'> {
  readonly triggerInput: InvocationRequest['inputData'][number];
  readonly durable: DurableStandIn | undefined;
  /** Finds a header of the request by its name in lower case. */
  readonly findHeader: (name: string) => string | undefined;
}

export function createInvocation(
  { metadata }: RegisteredCallback,
  { triggerInput, triggerMetadata, durable, findHeader }: TriggerEvent,
): InvocationRequest {
  const clients = Object.entries(metadata.bindings).filter(([, binding]) => isDurableClient(binding));
  return {
    invocationId: randomUUID(),
    functionId: metadata.functionId ?? metadata.name,
    inputData: [triggerInput, ...clients.map(([name]) => ({ name, data: { json: durable?.clientInput ?? '' } }))],
    triggerMetadata,
    traceContext: {
      traceParent: createTraceParent(findHeader('traceparent')),
      traceState: findHeader('tracestate') ?? '',
      attributes: {},
    },
  };
}

/** Continues the caller's trace with a new span (W3C trace context), or begins a new trace. */
export function createTraceParent(incoming: string | undefined): string {
  return `00-${readTraceId(incoming) ?? randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-00`;
}

/** The trace id. Undefined unless `traceParent` is one trace context. */
export function readTraceId(traceParent: string | readonly string[] | undefined): string | undefined {
  const text = typeof traceParent === 'string' ? traceParent : '';
  return /^[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/.exec(text)?.[1];
}

/** An error as text for the local log, with its stack if it has one. */
export function describeError(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function requireModel(app: AppContext): ProgrammingModel {
  if (app.programmingModel === undefined) throw new Error('The app has no programming model.');
  return app.programmingModel;
}

function toError(value: unknown): Error {
  return value instanceof Error ? value : new Error(String(value));
}

class CoreInvocation implements CoreInvocationContext {
  readonly invocationId: string;
  readonly request: InvocationRequest;
  readonly metadata: RegisteredCallback['metadata'];
  state: CoreInvocationContext['state'];
  hookData: InvocationHookData | undefined;
  readonly #app: AppContext;

  constructor(app: AppContext, registered: RegisteredCallback, request: InvocationRequest) {
    this.#app = app;
    this.invocationId = request.invocationId;
    this.request = request;
    this.metadata = registered.metadata;
  }

  log(level: LogLevel, category: LogCategory, message: string): void {
    const { invocationId, metadata } = this;
    writeAppLog(this.#app, { level, category, message, invocationId, functionName: metadata.name }, this.hookData);
  }

  async runHooks(name: 'preInvocation' | 'postInvocation', context: unknown): Promise<void> {
    this.state = `${name}Hooks`;
    try {
      await executeHooks(this.#app, name, context, (message) => {
        this.log('debug', 'system', message);
      });
    } finally {
      this.state = undefined;
    }
  }
}
