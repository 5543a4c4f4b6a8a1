import { decodeText, readBoundedFile, readBoundedStream } from '../../certificates/read-bounded-file.js';
import { readPemBlocks } from '../../certificates/structure/pem-blocks.js';
import { messageOf, ToolFailure } from '#local/tool-failure.js';
import { isJsonObject, type JsonObject } from '#local/json-file.js';
import { mcpPath } from '#local/client/request-fields.js';
import { shellWord } from '../../texts/safe-text.js';

/** The body of the request: the file's bytes for `@file`, standard input for `@-`, otherwise the text itself. */
export async function readBodyArgument(
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

/**
 * Reads the file of `--cacert`. A file without a certificate would mean, without any message, that no server is
 * trusted.
 */
export async function readAuthorityFile(path: string): Promise<string> {
  const text = decodeText(await readBoundedFile(path));
  if (readPemBlocks(text).some(({ label }) => label === 'CERTIFICATE')) return text;
  throw new ToolFailure(`${path} contains no certificate in PEM, so no server could be trusted.`);
}

/**
 * Adds the path of the MCP endpoint to an address without a path, because that is the address of an app. Any other
 * address is already that of an MCP server.
 */
export function findMcpAddress(address: string): string {
  // The code that sends the request refuses a text that is not a URL.
  if (!URL.canParse(address)) return address;
  const url = new URL(address);
  if (url.pathname === '/') url.pathname = mcpPath;
  return url.href;
}

/** Windows PowerShell 5.1 passes no double quote to a program, so a file is the only way that works in every shell. */
const remedy = `For example: --mcp-arguments ${shellWord('{"city":"Oslo"}')}, or the same JSON in a file: --mcp-arguments @FILE.`;

/** The tool's arguments: the file's JSON for `@file`, standard input for `@-`, otherwise the text itself. */
export async function readToolArguments(text: string | undefined, isStdinTaken: boolean): Promise<JsonObject> {
  const content = await readBodyArgument(text, isStdinTaken);
  if (content === undefined) return {};
  let value: unknown;
  try {
    value = JSON.parse(typeof content === 'string' ? content : decodeText(Buffer.from(content)));
  } catch (cause) {
    throw new ToolFailure(`--mcp-arguments is not valid JSON: ${messageOf(cause)}.`, { cause, remedy });
  }
  if (isJsonObject(value)) return value;
  throw new ToolFailure('--mcp-arguments must be a JSON object with the arguments by name.', { remedy });
}
