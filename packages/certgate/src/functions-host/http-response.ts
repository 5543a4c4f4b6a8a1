import type { ServerResponse } from 'node:http';
import type { RpcHttpData, RpcTypedData } from './core-types.js';
import { formatSetCookie } from './set-cookie.js';

/** The server frames the message itself; what the app says about framing would contradict it. */
const framingHeaders = new Set(['connection', 'content-length', 'keep-alive', 'transfer-encoding', 'upgrade']);

/** An answer without a body: what the host says on its own. */
export function writeStatus(response: ServerResponse, status: number): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  response.writeHead(status, { 'content-length': '0' }).end();
}

/** A handler without a result is 204, as ASP.NET answers an empty `ObjectResult`. Throws when the app's headers can't be sent. */
export function writeResult(response: ServerResponse, result: RpcTypedData | null | undefined): void {
  if (result?.http === undefined) {
    response.writeHead(204).end();
    return;
  }
  writeHttpData(response, result.http);
}

function writeHttpData(response: ServerResponse, data: RpcHttpData): void {
  const body = toBytes(data.body);
  for (const [name, value] of Object.entries(data.headers ?? {})) {
    if (!framingHeaders.has(name.toLowerCase())) response.setHeader(name, requireAscii(name, value));
  }
  for (const cookie of data.cookies ?? []) response.appendHeader('set-cookie', formatSetCookie(cookie));
  response.statusCode = Number(data.statusCode ?? 200);
  const bodyless = response.statusCode === 204 || response.statusCode === 304;
  if (!bodyless) response.setHeader('content-length', body.length);
  // Node itself leaves the body out of the answer to HEAD.
  response.end(bodyless ? undefined : body);
}

function toBytes(data: RpcTypedData | null | undefined): Uint8Array {
  if (data?.bytes !== undefined) return data.bytes;
  return Buffer.from(data?.string ?? data?.json ?? '');
}

/** Kestrel refuses anything but printable ASCII in a response header (`ValidateHeaderValueCharacters`): a 500. */
function requireAscii(name: string, value: string): string {
  if (/[^\t\x20-\x7e]/.test(value)) throw new Error(`The response header "${name}" has characters beyond ASCII.`);
  return value;
}
