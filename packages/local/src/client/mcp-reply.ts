import { isJsonObject, type JsonObject } from '../json-file.js';
import { parseRefusal, type GateRefusal } from './refusal.js';
import type { IncomingResponse } from './send-request.js';

/** The reply to a JSON-RPC 2.0 request: the member `result` or `error` of its response object (§5). */
export type McpReply =
  | { readonly kind: 'result'; readonly result: JsonObject }
  | { readonly kind: 'error'; readonly code: number; readonly message: string };

/**
 * Finds the reply to the request with this id. The server chooses whether the body is JSON or server-sent events (Model
 * Context Protocol 2025-06-18, Streamable HTTP). Undefined if the body contains no reply.
 */
export function findMcpReply({ headers, body }: IncomingResponse, id: number): McpReply | undefined {
  const isStream = /^text\/event-stream\b/i.test(String(headers['content-type']));
  for (const text of isStream ? listEventData(body) : [body]) {
    const reply = readReply(text, id);
    if (reply !== undefined) return reply;
  }
  return undefined;
}

/** The `data` of each event (WHATWG HTML §9.2.6), without an event that the end of the stream cuts off. */
export function listEventData(stream: string): readonly string[] {
  const lines = stream.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  const events: string[] = [];
  let data: string[] = [];
  // The text after the last line end is not a complete line.
  for (const line of lines.slice(0, -1)) {
    if (line === '') {
      if (data.length > 0) events.push(data.join('\n'));
      data = [];
      continue;
    }
    const field = /^data(?:: ?(.*))?$/s.exec(line);
    if (field !== null) data.push(field[1] ?? '');
  }
  return events;
}

function readReply(text: string, id: number): McpReply | undefined {
  const message = parseObject(text);
  if (message?.['jsonrpc'] !== '2.0') return undefined;
  const { error, result } = message;
  // An error is the reply whatever its id is, because a server can't repeat the id of a request that it could not read
  // (JSON-RPC 2.0 §5).
  if (isJsonObject(error)) return { kind: 'error', code: Number(error['code']), message: String(error['message']) };
  return message['id'] === id && isJsonObject(result) ? { kind: 'result', result } : undefined;
}

/** Whether a tool answered without an error. */
export function isToolResult(reply: McpReply | undefined): boolean {
  return reply?.kind === 'result' && reply.result['isError'] !== true;
}

/** The gate's refusal in an error result. Undefined for any other reply, including an error of the tool itself. */
export function findToolRefusal(reply: McpReply | undefined): GateRefusal | undefined {
  if (reply?.kind !== 'result' || isToolResult(reply)) return undefined;
  const [text, ...others] = listTexts(reply.result) ?? [];
  return text === undefined || others.length > 0 ? undefined : parseRefusal(text);
}

/**
 * The texts of a result. Undefined unless it consists of texts, without anything else such as images or structured
 * content.
 */
export function listTexts({ content, structuredContent }: JsonObject): readonly string[] | undefined {
  if (!Array.isArray(content) || structuredContent !== undefined) return undefined;
  const texts = content.map((block) => {
    const { type, text } = Object(block) as JsonObject;
    return type === 'text' && typeof text === 'string' ? text : undefined;
  });
  return texts.some((text) => text === undefined) ? undefined : (texts as readonly string[]);
}

function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
