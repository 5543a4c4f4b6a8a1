import type { JsonObject } from '../../json-file.js';
import type { RpcTypedData } from '../worker/core-types.js';
import { readOwn } from './json-rpc.js';

/** One call, as the client asked for it. */
export interface McpCall {
  readonly kind: 'tool' | 'resource' | 'prompt';
  /** The name of a tool or prompt, or the URI of a resource, in the client's spelling. */
  readonly name: string;
  readonly arguments: JsonObject | undefined;
  readonly headers: ReadonlyMap<string, string>;
}

/** The field with which a client continues its session. */
export const sessionHeaderName = 'mcp-session-id';

/**
 * The headers of a request as the extension passes them on (`McpTriggerTransportHelper`): all of them, even
 * `x-functions-key`, under their names in the request, with the values of a repeated name joined by `,`. Kestrel has
 * its own spellings for names that it knows; this host keeps the client's or the front end's.
 *
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
 * The JSON text that the worker gets: `ToolInvocationContext`, `ResourceInvocationContext` or
 * `PromptInvocationContext`. Members without a value are left out. `clientinfo` always is, because only the request
 * that initialized knows it.
 */
export function createTriggerPayload({ kind, name, arguments: given, headers }: McpCall): string {
  const sessionId = findHeader(headers, sessionHeaderName);
  return JSON.stringify({
    ...(kind === 'resource' ? { uri: name } : { name, arguments: given }),
    sessionid: sessionId,
    transport: { name: 'http-streamable', sessionId, properties: describeHeaders(headers) },
  });
}

/** `fromEntries` defines own properties, so that a header named `__proto__` is kept as one. */
function describeHeaders(headers: McpCall['headers']): object {
  return { headers: Object.fromEntries(headers) };
}

export function findHeader(headers: ReadonlyMap<string, string>, lowerCaseName: string): string | undefined {
  return [...headers].find(([name]) => name.toLowerCase() === lowerCaseName)?.[1];
}

/**
 * The metadata that comes with the payload (`BindAsync` of the trigger's binding). The host writes the context with
 * Newtonsoft's serializer, which uses .NET's names, writes nulls, and does not know `JsonElement`.
 *
 * @param parameters the values of the URI template's parameters. A parameter may replace another member with the same
 * name.
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

/** The number of the value's kind in .NET's `JsonValueKind`. */
function valueKindOf(value: unknown): number {
  if (value === null) return 7;
  if (typeof value === 'boolean') return value ? 5 : 6;
  if (typeof value === 'number') return 4;
  if (typeof value === 'string') return 3;
  return Array.isArray(value) ? 2 : 1;
}

/** The text of a value, like .NET's `JsonElement.ToString`. */
function toElementText(value: unknown): string {
  if (value === null) return '';
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return JSON.stringify(value);
}
