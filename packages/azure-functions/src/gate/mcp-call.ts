import { type Denial, type DenialFacts, deny, findJsonMember } from '@certgate/core';
import { findField, type HeaderReading, readList, readOf } from './core-call.js';
import { type CoreInvocationContext, findTriggerKind } from './worker-core.js';

/**
 * The only transport whose headers are those of the call itself. Over SSE, they are those of the request that opened
 * the stream, not those of the sender of the call. For other transports, the extension knows even less.
 *
 * Azure/azure-functions-mcp-extension 1.6.0: McpTriggerTransportHelper.cs, SseRequestHandler.cs.
 */
const supportedTransport = 'http-streamable';

/**
 * Reads the headers of the HTTP request that carried an MCP call. They are in the trigger's payload as the host sent
 * it: JSON that the MCP extension has written, with the tool's arguments in a member of their own. Apart from a
 * known transport's name, no part of it may appear in a message, because the headers contain the key that all callers
 * share (`x-functions-key`).
 */
export function readMcpHeaders(core: CoreInvocationContext): HeaderReading {
  const functionName = core.metadata?.name ?? 'unnamed function';
  const transport = parseTransport(core);
  const name = readOf(transport, 'name');
  if (typeof name !== 'string') return denyUnavailable(functionName, 'transport_unnamed');
  if (name !== supportedTransport) {
    return deny('mcp_transport_unsupported', {
      functionName,
      ...(knownTransports.has(name) ? { transport: name } : {}),
    });
  }
  const headers = readOf(readOf(transport, 'properties'), 'headers');
  if (typeof headers !== 'object' || headers === null || Array.isArray(headers)) {
    return denyUnavailable(functionName, 'headers_missing');
  }
  return { outcome: 'read', findHeader: (wanted) => findField(headers, wanted) };
}

/**
 * Reads the transport from the payload. Undefined unless there is exactly one payload, it is JSON, and it has exactly
 * one transport. The rest of the payload is not parsed, because its sender wrote it and it may be large.
 */
function parseTransport(core: CoreInvocationContext): unknown {
  const [input, ...others] = readList(core.request, 'inputData').filter((each) => isMcpInput(core, each));
  if (input === undefined || others.length > 0) return undefined;
  const data = readOf(input, 'data');
  const texts = [readOf(data, 'string'), readOf(data, 'json')].filter(isText);
  const [text] = texts;
  if (text === undefined || texts.length > 1) return undefined;
  const transport = findJsonMember(text, 'transport');
  return transport === undefined ? undefined : JSON.parse(transport);
}

/** Whether the value is a text. In the worker's messages, a member that the host has not set may be an empty string. */
function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isMcpInput({ metadata }: CoreInvocationContext, input: unknown): boolean {
  const name = readOf(input, 'name');
  const bindings = metadata?.bindings ?? {};
  return typeof name === 'string' && Object.hasOwn(bindings, name) && findTriggerKind(bindings[name]?.type) === 'mcp';
}

/** The names of the extension's other transports. A denial never repeats any other name. */
const knownTransports: ReadonlySet<string> = new Set(['http-sse', 'http', 'unknown']);

type HeadersProblem = DenialFacts['mcp_headers_unavailable']['problem'];

function denyUnavailable(functionName: string, problem: HeadersProblem): Denial {
  return deny('mcp_headers_unavailable', { functionName, problem });
}

/**
 * The denial of a call of an MCP handler outside any invocation that the gate has seen, because the calling code chose
 * its arguments.
 */
export function denyPastGate(functionName: string): Denial {
  return denyUnavailable(functionName, 'called_past_gate');
}
