import type { ServerResponse } from 'node:http';
import type { RpcHttpCookie, RpcHttpData, RpcTypedData } from '../worker/core-types.js';

/**
 * Fields of the app that are not sent. The server itself frames the message, and they could contradict it. Node refuses
 * to announce a `Trailer` together with a length.
 */
const framingHeaders = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Sends an answer of the host itself, without a body. If a head was sent already, it ends the connection instead. */
export function writeStatus(response: ServerResponse, status: number): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  response.writeHead(status, { 'content-length': '0' }).end();
}

/**
 * Sends a function's result. A handler without a result gets 204, as ASP.NET answers an empty `ObjectResult`. Throws if
 * the app's status, headers or cookies can't be sent.
 */
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
  // Node itself omits the body of an answer to HEAD.
  response.end(bodyless ? undefined : body);
}

function toBytes(data: RpcTypedData | null | undefined): Uint8Array {
  if (data?.bytes !== undefined) return data.bytes;
  return Buffer.from(data?.string ?? data?.json ?? '');
}

/**
 * Throws for anything but printable ASCII and tabs, as Kestrel does in a response header
 * (`ValidateHeaderValueCharacters`). The answer is then a 500.
 */
function requireAscii(name: string, value: string): string {
  if (/[^\t\x20-\x7e]/.test(value)) throw new Error(`The response header "${name}" has characters beyond ASCII.`);
  return value;
}

const sameSiteNames = { lax: 'lax', strict: 'strict', explicitNone: 'none', none: undefined } as const;

/** A token (RFC 9110 section 5.6.2). ASP.NET Core writes a cookie's name unchanged, and refuses other characters. */
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/**
 * A `Set-Cookie` value as ASP.NET Core writes it (`SetCookieHeaderValue`): the value is escaped, and the path is `/`
 * unless the app named one. Throws if the name is not a token, or if `maxAge` is -1 or less; the answer is then a 500.
 */
function formatSetCookie(cookie: RpcHttpCookie): string {
  const name = cookie.name ?? '';
  if (!token.test(name)) throw new Error(`"${name}" is not a valid name of a cookie.`);
  const expires = cookie.expires?.value?.seconds;
  const maxAge = cookie.maxAge?.value;
  if (maxAge !== undefined && maxAge <= -1) throw new RangeError(`The cookie "${name}" has a negative maxAge.`);
  const sameSite = sameSiteNames[cookie.sameSite ?? 'none'];
  return [
    `${name}=${escapeData(cookie.value ?? '')}`,
    expires === undefined ? '' : `expires=${new Date(Number(expires) * 1000).toUTCString()}`,
    maxAge === undefined ? '' : `max-age=${Math.trunc(maxAge)}`,
    attribute('domain', cookie.domain?.value),
    attribute('path', cookie.path?.value ?? '/'),
    cookie.secure?.value === true ? 'secure' : '',
    sameSite === undefined ? '' : `samesite=${sameSite}`,
    cookie.httpOnly?.value === true ? 'httponly' : '',
  ]
    .filter((part) => part !== '')
    .join('; ');
}

/** Escapes like .NET's `Uri.EscapeDataString`, which also escapes the characters `!`, `'`, `(`, `)` and `*`. */
function escapeData(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Removes `;` and line breaks, because they would end the attribute. */
function attribute(name: string, value: string | undefined): string {
  if (value === undefined || value === '') return '';
  return `${name}=${value.replace(/[;\r\n]/g, '')}`;
}
