import type { IncomingMessage, ServerResponse } from 'node:http';
import { readBodyUpTo } from '../../wire/request-body.js';
import { pairRawHeaders } from '../../wire/raw-fields.js';
import type { RpcHttpData } from '../worker/core-types.js';
import { BodyBudget } from './body-budget.js';
import { writeStatus } from './http-response.js';
import { parseQueryString, parseRequestTarget, type RequestTarget } from './request-target.js';

/** One request as the host has understood it; from here on nobody looks at the socket's own fields. */
export interface ReceivedRequest {
  readonly method: string;
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly target: RequestTarget;
  readonly query: ReadonlyMap<string, readonly string[]>;
  readonly headers: RequestHeaders;
}

/** Undefined for a request line or host that Kestrel answers with 400. */
export function receiveRequest(
  method: string,
  rawTarget: string,
  headers: RequestHeaders,
  ownAuthority: string,
): ReceivedRequest | undefined {
  const target = isWholeServer(method, rawTarget) ? wholeServer : parseRequestTarget(rawTarget);
  const host = headers.get('host') ?? ownAuthority;
  // The front end in front of us ends TLS; Azure's hosts take the scheme from it in the same way.
  const scheme = headers.get('x-forwarded-proto')?.toLowerCase() === 'https' ? 'https' : 'http';
  if (target === undefined || !isHost(host)) return undefined;
  if (!agreesWithTarget(rawTarget, headers.get('host'))) return undefined;
  return { method, scheme, host, target, query: parseQueryString(target.queryString), headers };
}

/** Kestrel takes an empty `Host` too, for which RFC 9110 section 7.2 asks where a target has no authority. */
function isHost(host: string): boolean {
  return host === '' || (/^[^\s/?#@\\]+$/.test(host) && URL.canParse(`http://${host}`));
}

/** The asterisk form (RFC 9112 section 3.2.4): a path of nothing, which no route of a function has. */
const wholeServer: RequestTarget = { path: '', encodedPath: '', queryString: '' };

function isWholeServer(method: string, rawTarget: string): boolean {
  return rawTarget === '*' && method === 'OPTIONS';
}

/** A target in absolute form must name the same host as the Host header (RFC 9112 section 3.2.2), letter for letter. */
function agreesWithTarget(rawTarget: string, host: string | undefined): boolean {
  const origin = /^https?:\/\/[^/?]*/i.exec(rawTarget)?.[0];
  if (origin === undefined || host === undefined) return true;
  if (!URL.canParse(origin)) return false;
  const { host: authority, protocol, port } = new URL(origin);
  return host === authority || (port === '' && host === `${authority}:${protocol === 'https:' ? 443 : 80}`);
}

/** `RpcHttp` as the real host fills it for the Node.js worker (`GrpcMessageConversionExtensions.ToRpcHttp`). */
export function toRpcHttp(
  request: ReceivedRequest,
  params: ReadonlyMap<string, string>,
  body: Uint8Array | undefined,
): RpcHttpData {
  return {
    url: `${request.scheme}://${request.host}${request.target.encodedPath}${request.target.queryString}`,
    method: request.method,
    headers: {},
    query: {},
    params: {},
    nullableHeaders: toNullable(request.headers),
    nullableQuery: toNullable(new Map([...request.query].map(([name, values]) => [name, values.join(',')]))),
    nullableParams: toNullable(params),
    ...(body === undefined ? {} : { body: { bytes: body } }),
  };
}

/** `fromEntries` defines own properties, so that a header or parameter named `__proto__` stays one. */
function toNullable(map: ReadonlyMap<string, string>): Record<string, { readonly value: string }> {
  return Object.fromEntries([...map].map(([name, value]) => [name, { value }]));
}

/** The real host's limit (`DefaultMaxRequestBodySize`), 100 MiB. */
export const maximumBodyBytes = 104_857_600;

/** All that are being read hold as much as the largest may. The gateway sends on those of strangers too. */
const budget = new BodyBudget(maximumBodyBytes);

/** The whole body of a declared length, or `too-large`. Rejects when the client goes away before its end. */
export async function readRequestBody(request: IncomingMessage): Promise<Buffer | 'too-large'> {
  const declared = declaredLength(request);
  if (declared > maximumBodyBytes) return 'too-large';
  const release = await budget.reserve(declared, request);
  try {
    // Of its final size from the start: a list of chunks that is joined at the end holds everything twice.
    const body = Buffer.allocUnsafeSlow(declared);
    let length = 0;
    for await (const chunk of request as AsyncIterable<Buffer>) {
      // Node's parser lets no body go beyond what it declared.
      length += chunk.copy(body, length);
    }
    return body.subarray(0, length);
  } finally {
    release();
  }
}

/** A body of declared length or chunked, for what isn't given to a function as it is. */
export async function readBoundedBody(request: IncomingMessage, maximumBytes: number): Promise<Buffer | 'too-large'> {
  if (declaredLength(request) > maximumBytes) return 'too-large';
  if (declaredLength(request) > 0 || !hasBody(request)) return readRequestBody(request);
  const release = await budget.reserve(maximumBytes, request);
  try {
    const chunks = await readBodyUpTo(request, maximumBytes);
    if (chunks === undefined) return 'too-large';
    if (!request.complete) throw new Error('The client left within its body.');
    return Buffer.concat(chunks);
  } finally {
    release();
  }
}

/** From `Content-Length`, zero without one: what a chunked request declares. */
export function declaredLength(request: IncomingMessage): number {
  const length = Number(request.headers['content-length'] ?? 0);
  return Number.isSafeInteger(length) ? length : 0;
}

export function hasBody(request: IncomingMessage): boolean {
  return declaredLength(request) > 0 || request.headers['transfer-encoding'] !== undefined;
}

/** The rest of a refused request's body isn't read, so the connection can't be used again. */
export function refuseRequest(request: IncomingMessage, response: ServerResponse, status: number): void {
  if (hasBody(request)) response.setHeader('connection', 'close');
  writeStatus(response, status);
}

/** Header names in lower case, each with its values as one text. */
type RequestHeaders = ReadonlyMap<string, string>;

/** What Kestrel refuses before any function sees it, by status. */
type HeaderRefusal = 400 | 431;

const maximumHeaderCount = 100;
/** Kestrel's `MaxRequestHeadersTotalSize`. */
export const maximumHeaderBytes = 32_768;

/**
 * Headers from the wire's own list, as the real host hands them on: lower-case names, the values of a repeated
 * header joined by `,` without a space, also where Node would have dropped or joined them its own way. This is the
 * form in which a gate sees a client certificate header that was sent twice.
 */
export function readRequestHeaders(rawHeaders: readonly string[]): RequestHeaders | HeaderRefusal {
  if (rawHeaders.length / 2 > maximumHeaderCount) return 431;
  // Per line a colon, a space and the line's end; Node gives each octet as one character.
  if (rawHeaders.reduce((total, text) => total + text.length + 2, 0) > maximumHeaderBytes) return 431;
  const headers = new Map<string, string>();
  for (const [spelling, latin1] of pairRawHeaders(rawHeaders)) {
    const name = spelling.toLowerCase();
    const value = decodeValue(latin1);
    if (value === undefined) return 400;
    const earlier = headers.get(name);
    // The one header whose repetition the real server refuses: it decides where a request belongs.
    if (earlier !== undefined && name === 'host') return 400;
    headers.set(name, earlier === undefined ? value : `${earlier},${value}`);
  }
  return headers;
}

/** Node reads header bytes as Latin-1; Kestrel reads them as UTF-8 and refuses what isn't. */
function decodeValue(latin1: string): string | undefined {
  if (!/[\x80-\xff]/.test(latin1)) return latin1;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(latin1, 'latin1'));
  } catch {
    return undefined;
  }
}
