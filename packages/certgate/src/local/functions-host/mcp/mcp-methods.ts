import { findProperty, isJsonObject, type JsonObject } from '../../../files/json-file.js';
import type { RpcTypedData } from '../worker/core-types.js';
import type { McpServerInfo } from '../worker/host-protocol.js';
import { errorCodes, failWith, internalError, type MethodAnswer, readParameter, type RpcRequest } from './json-rpc.js';
import type { FoundResource, McpCatalog, McpEntry } from './mcp-catalog.js';
import { findText } from './mcp-trigger.js';
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

/** Calls the function, and makes a result of what it returned. Undefined: it failed, which is logged already. */
export type CallFunction = (
  call: McpCall,
  found: FoundResource,
  bind: (value: RpcTypedData | null | undefined) => object,
) => Promise<object | undefined>;

/** What a request of one client is answered with; nothing is kept from one to the next. */
export interface McpSurroundings {
  readonly catalog: McpCatalog;
  readonly server: McpServerInfo;
  readonly headers: ReadonlyMap<string, string>;
  readonly callFunction: CallFunction;
}

type Method = (params: JsonObject | undefined, surroundings: McpSurroundings) => MethodAnswer | Promise<MethodAnswer>;

/** The versions that the C# SDK 0.4.0-preview.3 knows, which the extension is built on. */
const protocolVersions = ['2024-11-05', '2025-03-26', '2025-06-18'];

/** Names that the client sent, and that the calls of functions are told apart by. */
export const nameParameters: ReadonlyMap<string, 'name' | 'uri'> = new Map([
  ['tools/call', 'name'],
  ['resources/read', 'uri'],
  ['prompts/get', 'name'],
] as const);

const methods: ReadonlyMap<string, Method> = new Map<string, Method>([
  ['initialize', initialize],
  ['ping', () => ({ result: {} })],
  ['logging/setLevel', () => ({ result: {} })],
  ['tools/list', (_params, { catalog }) => ({ result: { tools: list(catalog.tools) } })],
  ['tools/call', callTool],
  ['resources/list', (_params, { catalog }) => ({ result: { resources: list(catalog.resources) } })],
  ['resources/templates/list', (_params, { catalog }) => ({ result: { resourceTemplates: list(catalog.templates) } })],
  ['resources/read', readResource],
  ['resources/subscribe', () => ({ result: {} })],
  ['resources/unsubscribe', () => ({ result: {} })],
  ['prompts/list', (_params, { catalog }) => ({ result: { prompts: list(catalog.prompts) } })],
  ['prompts/get', getPrompt],
]);

/** As `McpServerImpl` of the C# SDK answers, with the handlers that the extension gives it (`AddMcp`). */
export async function answerRequest(request: RpcRequest, surroundings: McpSurroundings): Promise<MethodAnswer> {
  const method = methods.get(request.method);
  if (method === undefined) {
    return failWith(errorCodes.methodNotFound, `Method '${request.method}' is not available.`);
  }
  const params = request.params ?? undefined;
  if (params !== undefined && !isJsonObject(params)) return internalError;
  return method(params, surroundings);
}

/** What .NET's reader throws on, where the extension makes a session. Undefined: the request can be answered. */
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

async function callTool(params: JsonObject | undefined, surroundings: McpSurroundings): Promise<MethodAnswer> {
  const { catalog, callFunction } = surroundings;
  const call = readCall('tool', params, surroundings);
  if (call === 'malformed') return internalError;
  const entry = catalog.findTool(call.name);
  if (entry === undefined) return failWith(errorCodes.invalidParams, `Unknown tool: '${call.name}'`);
  const missing = findMissingArguments(entry.required, call.arguments, 'tool properties');
  if (missing !== undefined) return missing;
  const bind = usesResultSchema(entry) ? bindToolResult : bindPlainToolResult;
  const text = `An error occurred invoking '${call.name}'.`;
  const result = await callFunction(call, { entry, parameters: [] }, bind);
  return { result: result ?? { content: [{ type: 'text', text }], isError: true } };
}

async function readResource(params: JsonObject | undefined, surroundings: McpSurroundings): Promise<MethodAnswer> {
  const { catalog, callFunction } = surroundings;
  const call = readCall('resource', params, surroundings);
  if (call === 'malformed' || (params !== undefined && findUriFault(call.name) !== undefined)) return internalError;
  const found = catalog.findResource(call.name);
  if (found === undefined) return failWith(errorCodes.invalidParams, `Unknown resource: '${call.name}'`);
  const mimeType = findText(found.entry.trigger.binding, 'mimeType');
  const result = await callFunction(call, found, (value) => bindResourceResult(value, call.name, mimeType));
  return result === undefined ? internalError : { result };
}

async function getPrompt(params: JsonObject | undefined, surroundings: McpSurroundings): Promise<MethodAnswer> {
  const { catalog, callFunction } = surroundings;
  const call = readCall('prompt', params, surroundings);
  if (call === 'malformed') return internalError;
  const entry = catalog.findPrompt(call.name);
  if (entry === undefined) return failWith(errorCodes.invalidParams, `Unknown prompt: '${call.name}'`);
  const missing = findMissingArguments(entry.required, call.arguments, 'prompt arguments');
  if (missing !== undefined) return missing;
  const bind = usesResultSchema(entry) ? bindPromptResult : bindPlainPromptResult;
  const result = await callFunction(call, { entry, parameters: [] }, bind);
  return result === undefined ? internalError : { result };
}

/** Without parameters the name is empty, and unknown; a name or arguments of another type are an exception of .NET's. */
function readCall(
  kind: McpCall['kind'],
  params: JsonObject | undefined,
  { headers }: McpSurroundings,
): McpCall | 'malformed' {
  if (params === undefined) return { kind, name: '', arguments: undefined, headers };
  const name = readParameter(params, kind === 'resource' ? 'uri' : 'name');
  const given = kind === 'resource' ? undefined : (readParameter(params, 'arguments') ?? undefined);
  if (typeof name !== 'string' || (given !== undefined && !isJsonObject(given))) return 'malformed';
  return { kind, name, arguments: given, headers };
}

function usesResultSchema({ trigger }: McpEntry): boolean {
  return findProperty(trigger.binding, 'useResultSchema') === true;
}
