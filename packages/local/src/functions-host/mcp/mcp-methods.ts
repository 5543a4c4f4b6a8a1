import { findProperty, isJsonObject, type JsonObject } from '../../json-file.js';
import type { RpcTypedData } from '../worker/core-types.js';
import type { McpServerInfo } from '../worker/host-protocol.js';
import { errorCodes, failWith, internalError, type MethodAnswer, readParameter, type RpcRequest } from './json-rpc.js';
import type { FoundEntry, McpCatalog, McpEntry } from './mcp-catalog.js';
import { findBindingText, type McpTrigger } from './mcp-trigger.js';
import { findUriFault } from './resource-uri.js';
import {
  bindPlainPromptResult,
  bindPlainToolResult,
  bindPromptResult,
  bindResourceResult,
  bindToolResult,
} from './return-value.js';
import { findMissingArguments } from './tool-input-schema.js';
import type { McpCall } from './trigger-payload.js';

/**
 * Calls the function, and turns its return value into a result. Undefined if it failed; the failure is already logged.
 */
export type CallFunction = (
  call: McpCall,
  found: FoundEntry,
  bind: (value: RpcTypedData | null | undefined) => object,
) => Promise<object | undefined>;

/** What is needed to answer one request. Nothing is kept between requests. */
export interface McpSurroundings {
  readonly catalog: McpCatalog;
  readonly server: McpServerInfo;
  readonly headers: ReadonlyMap<string, string>;
  readonly callFunction: CallFunction;
}

type Method = (params: JsonObject | undefined, surroundings: McpSurroundings) => MethodAnswer | Promise<MethodAnswer>;

/** The protocol versions of the C# SDK 0.4.0-preview.3, which the extension uses. */
const protocolVersions = ['2024-11-05', '2025-03-26', '2025-06-18'];

const callMethods: ReadonlyMap<string, McpCall['kind']> = new Map([
  ['tools/call', 'tool'],
  ['resources/read', 'resource'],
  ['prompts/get', 'prompt'],
] as const);

/** The name that the client gave, if the method calls a function. */
export function findCalledName({ method, params }: RpcRequest): string | undefined {
  const kind = callMethods.get(method);
  const name = kind !== undefined && isJsonObject(params) ? readParameter(params, nameParameterOf(kind)) : undefined;
  return typeof name === 'string' ? name : undefined;
}

function nameParameterOf(kind: McpCall['kind']): string {
  return kind === 'resource' ? 'uri' : 'name';
}

const methods: ReadonlyMap<string, Method> = new Map<string, Method>([
  ['initialize', initialize],
  ['ping', () => ({ result: {} })],
  ['logging/setLevel', () => ({ result: {} })],
  ['tools/list', (_params, { catalog }) => ({ result: { tools: list(catalog.tools) } })],
  ['resources/list', (_params, { catalog }) => ({ result: { resources: list(catalog.resources) } })],
  ['resources/templates/list', (_params, { catalog }) => ({ result: { resourceTemplates: list(catalog.templates) } })],
  ['resources/subscribe', () => ({ result: {} })],
  ['resources/unsubscribe', () => ({ result: {} })],
  ['prompts/list', (_params, { catalog }) => ({ result: { prompts: list(catalog.prompts) } })],
  ...[...callMethods].map(([name, kind]): [string, Method] => [
    name,
    (params, surroundings) => callNamed(kind, params, surroundings),
  ]),
]);

/** Answers like `McpServerImpl` of the C# SDK, with the handlers that the extension adds (`AddMcp`). */
export async function answerRequest(request: RpcRequest, surroundings: McpSurroundings): Promise<MethodAnswer> {
  const method = methods.get(request.method);
  if (method === undefined) {
    return failWith(errorCodes.methodNotFound, `Method '${request.method}' is not available.`);
  }
  const params = request.params ?? undefined;
  if (params !== undefined && !isJsonObject(params)) return internalError;
  return method(params, surroundings);
}

/** Why .NET's reader would throw while the extension opens a session. Undefined if the request can be answered. */
export function findInitializeFault({ method, params }: RpcRequest): string | undefined {
  if (method !== 'initialize' || params === undefined || params === null) return undefined;
  const client = isJsonObject(params) ? readParameter(params, 'clientInfo') : undefined;
  if (!isJsonObject(params) || typeof readParameter(params, 'protocolVersion') !== 'string' || !isJsonObject(client)) {
    return '"initialize" needs "protocolVersion" and "clientInfo"';
  }
  const isNamed = ['name', 'version'].every((name) => typeof readParameter(client, name) === 'string');
  return isNamed ? undefined : '"clientInfo" needs "name" and "version"';
}

function initialize(params: JsonObject | undefined, { server }: McpSurroundings): MethodAnswer {
  const wanted = params === undefined ? undefined : readParameter(params, 'protocolVersion');
  const { serverName: name, serverVersion: version, instructions } = server;
  return {
    result: {
      protocolVersion: protocolVersions.find((known) => known === wanted) ?? protocolVersions.at(-1),
      capabilities: { logging: {}, prompts: {}, resources: {}, tools: {} },
      serverInfo: { name, version },
      ...(instructions === undefined ? {} : { instructions }),
    },
  };
}

function list(entries: readonly McpEntry[]): readonly JsonObject[] {
  return entries.map(({ listed }) => listed);
}

async function callNamed(
  kind: McpCall['kind'],
  params: JsonObject | undefined,
  { catalog, headers, callFunction }: McpSurroundings,
): Promise<MethodAnswer> {
  const call = readCall(kind, params, headers);
  if (call === 'malformed') return internalError;
  const { name } = call;
  const found = catalog.find(kind, name);
  if (found === undefined) return failWith(errorCodes.invalidParams, `Unknown ${kind}: '${name}'`);
  const missing = findMissingArguments(found.entry.required, call.arguments, kind);
  if (missing !== undefined) return missing;
  const result = await callFunction(call, found, chooseBinder(found.entry.trigger, name));
  if (result !== undefined) return { result };
  if (kind !== 'tool') return internalError;
  return { result: { content: [{ type: 'text', text: `An error occurred invoking '${name}'.` }], isError: true } };
}

/**
 * Reads a call. Without parameters the name is empty, so it is unknown. A name or arguments of another type, and a URI
 * that is not valid, make .NET throw, so they are malformed.
 */
function readCall(
  kind: McpCall['kind'],
  params: JsonObject | undefined,
  headers: McpCall['headers'],
): McpCall | 'malformed' {
  if (params === undefined) return { kind, name: '', arguments: undefined, headers };
  const name = readParameter(params, nameParameterOf(kind));
  const given = kind === 'resource' ? undefined : (readParameter(params, 'arguments') ?? undefined);
  if (typeof name !== 'string' || (given !== undefined && !isJsonObject(given))) return 'malformed';
  if (kind === 'resource' && findUriFault(name) !== undefined) return 'malformed';
  return { kind, name, arguments: given, headers };
}

function chooseBinder({ kind, binding }: McpTrigger, uri: string): Parameters<CallFunction>[2] {
  if (kind === 'resource') {
    const mimeType = findBindingText(binding, 'mimeType');
    return (value) => bindResourceResult(value, uri, mimeType);
  }
  const usesSchema = findProperty(binding, 'useResultSchema') === true;
  if (kind === 'tool') return usesSchema ? bindToolResult : bindPlainToolResult;
  return usesSchema ? bindPromptResult : bindPlainPromptResult;
}
