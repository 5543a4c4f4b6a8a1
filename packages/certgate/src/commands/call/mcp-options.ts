import { decodeText } from '../../certificates/read-bounded-file.js';
import { mcpPath } from '../../local/client/request-fields.js';
import { isJsonObject, type JsonObject } from '../../files/json-file.js';
import { ToolFailure, messageOf } from '../../faults/tool-failure.js';
import { readRequestBody } from './request-body.js';

/** An address without a path is that of an app; any other one is that of an MCP server. */
export function findMcpAddress(address: string): string {
  // One that is no URL is refused where it is sent to.
  if (!URL.canParse(address)) return address;
  const url = new URL(address);
  if (url.pathname === '/') url.pathname = mcpPath;
  return url.href;
}

/** `@file` is the file's text, `@-` standard input, anything else itself. */
export async function readToolArguments(text: string | undefined, isStdinTaken: boolean): Promise<JsonObject> {
  const content = await readRequestBody(text, isStdinTaken);
  if (content === undefined) return {};
  let value: unknown;
  try {
    value = JSON.parse(typeof content === 'string' ? content : decodeText(Buffer.from(content)));
  } catch (cause) {
    throw new ToolFailure(`--mcp-arguments is not valid JSON: ${messageOf(cause)}.`, { cause });
  }
  if (isJsonObject(value)) return value;
  throw new ToolFailure('--mcp-arguments must be a JSON object with the arguments by name.', {
    remedy: `For example: --mcp-arguments '{"city":"Oslo"}'.`,
  });
}
