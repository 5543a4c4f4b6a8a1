import type { HttpRequest, PreInvocationContext } from '@azure/functions';

// preInvocation hooks of other code, each harmless by itself. Some set the request's certificate from a header of the
// client's own, as an app may do that trusts its own proxy. Others call handlers themselves, as caches do.

export const clientHeaderName = 'x-client-cert';
const certificateHeaderName = 'x-arr-clientcert';

export type OtherHook = (call: PreInvocationContext) => unknown;

interface McpPayload {
  readonly transport: { readonly properties: { readonly headers: Record<string, unknown> } };
}

export const rewritingHooks: Readonly<Record<string, OtherHook>> = {
  'copies the header': ({ inputs }) => {
    const [request] = inputs;
    if (isHttp(request)) request.headers.set(certificateHeaderName, readHttp(request));
    else Object.assign((request as McpPayload).transport.properties.headers, rewrite(request as McpPayload));
  },
  'replaces the request': (call) => {
    call.inputs = [createRewritten(call.inputs[0])];
  },
  'replaces the request in its list': ({ inputs }) => {
    inputs[0] = createRewritten(inputs[0]);
  },
  'puts a Proxy around the request': (call) => {
    const [request] = call.inputs;
    const rewritten = createRewritten(request);
    const rewrittenName = isHttp(request) ? 'headers' : 'transport';
    call.inputs = [
      new Proxy(request as object, {
        get: (target, name) => {
          const value: unknown = Reflect.get(name === rewrittenName ? (rewritten as object) : target, name);
          return typeof value === 'function' ? (value.bind(target) as unknown) : value;
        },
      }),
    ];
  },
};

/** Hooks that call handlers. `findOther` returns the registered handler of another function. */
export function createCallingHooks(
  findOther: (functionName: string) => (...args: unknown[]) => unknown,
): Readonly<Record<string, OtherHook>> {
  const callOwn = (call: PreInvocationContext): unknown =>
    call.functionHandler(...(call.inputs as [never]), call.invocationContext);
  const callOther = (call: PreInvocationContext): unknown =>
    findOther(call.invocationContext.functionName)(...call.inputs, call.invocationContext);
  /** The handler of an MCP function throws its refusal, which the hook ignores. */
  const attempt = async (
    act: (call: PreInvocationContext) => unknown,
    call: PreInvocationContext,
  ): Promise<unknown> => {
    try {
      return await act(call);
    } catch {
      return 'refused';
    }
  };
  const answer = async (act: (call: PreInvocationContext) => unknown, call: PreInvocationContext): Promise<void> => {
    const result: unknown = await act(call);
    call.functionHandler = () => result;
  };
  return {
    caches: (call) => answer(callOwn, call),
    'calls early': (call) => attempt(callOwn, call),
    'calls twice': async (call) => {
      await attempt(callOwn, call);
      await attempt(callOwn, call);
    },
    "calls another function's handler": (call) => attempt(callOther, call),
    "answers with another function's result": (call) => answer(callOther, call),
  };
}

function createRewritten(request: unknown): unknown {
  if (!isHttp(request)) {
    const { transport, ...rest } = request as McpPayload;
    const { properties } = transport;
    const headers = { ...properties.headers, ...rewrite(request as McpPayload) };
    return { ...rest, transport: { ...transport, properties: { ...properties, headers } } };
  }
  const headers = { ...Object.fromEntries(request.headers), [certificateHeaderName]: readHttp(request) };
  return Reflect.construct(request.constructor, [{ method: 'GET', url: request.url, headers }]);
}

function readHttp({ headers }: HttpRequest): string {
  return headers.get(clientHeaderName) ?? headers.get(certificateHeaderName) ?? '';
}

/** Replaces every spelling that exists, so that the payload does not have two. */
function rewrite({ transport }: McpPayload): Record<string, unknown> {
  const { headers } = transport.properties;
  const find = (name: string): string | undefined => Object.keys(headers).find((key) => key.toLowerCase() === name);
  const own = find(certificateHeaderName) ?? certificateHeaderName;
  return { [own]: headers[find(clientHeaderName) ?? own] };
}

function isHttp(request: unknown): request is HttpRequest {
  return typeof (request as { readonly headers?: { readonly get?: unknown } }).headers?.get === 'function';
}
