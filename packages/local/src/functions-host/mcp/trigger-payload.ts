import type { JsonObject } from '../../json-file.js';
import type { RpcTypedData } from '../worker/core-types.js';
import { readOwn } from './json-rpc.js';

/** One call as its client asked for it. */
export interface McpCall {
  readonly kind: 'tool' | 'resource' | 'prompt';
  /** As the client spelled it: the name of a tool or prompt, the URI of a resource. */
  readonly name: string;
  readonly arguments: JsonObject | undefined;
  readonly headers: ReadonlyMap<string, string>;
}

/** The field by which a client continues what it has initialized. */
export const sessionHeaderName = 'mcp-session-id';

/**
 * The headers of a request as the extension hands them on (`McpTriggerTransportHelper`): all of them, `x-functions-key`
 * too, under their names on the wire, values of a repeated name joined by `,`. Kestrel has spellings of its own for the
 * names that it knows; here the client's stand, or the front end's.
 * @param headers the same headers by their names in lower case, read and joined.
 */
export function createHeaderMap(
  rawHeaders: readonly string[],
  headers: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const [index, name] of rawHeaders.entries()) {
    const key = name.toLowerCase();
    if (index % 2 === 0 && !names.has(key)) names.set(key, name);
  }
  return new Map([...headers].map(([key, value]) => [names.get(key) ?? key, value]));
}

/**
 * What the worker gets as JSON text: `ToolInvocationContext`, `ResourceInvocationContext` or `PromptInvocationContext`.
 * Members without a value are absent. `clientinfo` always is: it is known to the request that initialized alone.
 */
export function createTriggerPayload({ kind, name, arguments: given, headers }: McpCall): string {
  const sessionId = findHeader(headers, sessionHeaderName);
  return JSON.stringify({
    ...(kind === 'resource' ? { uri: name } : { name, arguments: given }),
    sessionid: sessionId,
    transport: { name: 'http-streamable', sessionId, properties: describeHeaders(headers) },
  });
}

/** `fromEntries` defines own properties, so that a header named `__proto__` stays one. */
function describeHeaders(headers: McpCall['headers']): object {
  return { headers: Object.fromEntries(headers) };
}

export function findHeader(headers: ReadonlyMap<string, string>, lowerCaseName: string): string | undefined {
  return [...headers].find(([name]) => name.toLowerCase() === lowerCaseName)?.[1];
}

/**
 * The metadata beside the payload (`BindAsync` of the trigger's binding). The host writes the context with Newtonsoft's
 * serializer, which goes by .NET's names, writes nulls, and knows no `JsonElement`.
 * @param parameters what a resource's URI gives the parameters of its template; one may take another's place by its name.
 */
export function createCallMetadata(
  call: McpCall,
  bindingName: string,
  payload: string,
  parameters: readonly (readonly [name: string, value: string])[],
): Readonly<Record<string, RpcTypedData>> {
  const metadata = new Map<string, readonly [name: string, data: RpcTypedData]>();
  // .NET keeps the first spelling of a key when its value is replaced.
  const set = (name: string, data: RpcTypedData): void => {
    metadata.set(name.toLowerCase(), [metadata.get(name.toLowerCase())?.[0] ?? name, data]);
  };
  const sessionId = findHeader(call.headers, sessionHeaderName);
  set(`mcp${call.kind}context`, { json: JSON.stringify(describeContext(call, sessionId)) });
  set(bindingName, { string: payload });
  if (sessionId !== undefined) set('mcpsessionid', { string: sessionId });
  if (call.kind === 'resource') set('mcpresourceuri', { string: call.name });
  else if (call.arguments !== undefined) {
    const texts = Object.entries(call.arguments).map(([name, value]) => [name, toElementText(value)]);
    set(`mcp${call.kind}args`, { json: JSON.stringify(Object.fromEntries(texts)) });
  }
  for (const [name, value] of parameters) set(name, { string: value });
  return Object.fromEntries(metadata.values());
}

function describeContext(call: McpCall, sessionId: string | undefined): object {
  const named = call.kind === 'resource' ? { Uri: call.name } : { Name: call.name, Arguments: describeElements(call) };
  return {
    ...named,
    SessionId: sessionId ?? null,
    ClientInfo: null,
    Transport: { Name: 'http-streamable', SessionId: sessionId ?? null, Properties: describeHeaders(call.headers) },
  };
}

function describeElements({ arguments: given }: McpCall): object | null {
  if (given === undefined) return null;
  return Object.fromEntries(Object.keys(given).map((name) => [name, { ValueKind: valueKindOf(readOwn(given, name)) }]));
}

/** .NET's `JsonValueKind`. */
function valueKindOf(value: unknown): number {
  if (value === null) return 7;
  if (typeof value === 'boolean') return value ? 5 : 6;
  if (typeof value === 'number') return 4;
  if (typeof value === 'string') return 3;
  return Array.isArray(value) ? 2 : 1;
}

/** .NET's `JsonElement.ToString`. */
function toElementText(value: unknown): string {
  if (value === null) return '';
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return JSON.stringify(value);
}
