import { decodeText, readBoundedFile, readBoundedStream } from '../../certificates/read-bounded-file.js';
import { readPemBlocks } from '../../certificates/structure/pem-blocks.js';
import { messageOf, ToolFailure } from '../../faults/tool-failure.js';
import { isJsonObject, type JsonObject } from '../../files/json-file.js';
import { mcpPath } from '../../local/client/request-fields.js';

/** `@file` is the file's bytes, `@-` standard input, anything else itself. */
export async function readRequestBody(
  data: string | undefined,
  isStdinTaken: boolean,
): Promise<string | Uint8Array | undefined> {
  if (data?.startsWith('@') !== true) return data;
  if (data !== '@-') return readBoundedFile(data.slice(1));
  if (!isStdinTaken) return readBoundedStream(process.stdin, 'Standard input');
  throw new ToolFailure('Only one of body and password can come from standard input.', {
    remedy: 'Pass the password with --password-file.',
  });
}

/** The file of --cacert. One without a certificate would silently mean "trust nobody". */
export async function readAuthorities(path: string): Promise<string> {
  const text = decodeText(await readBoundedFile(path));
  if (readPemBlocks(text).some(({ label }) => label === 'CERTIFICATE')) return text;
  throw new ToolFailure(`${path} contains no certificate in PEM, so no server could be trusted.`);
}

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
