import type { IncomingMessage, ServerResponse } from 'node:http';
import { readBodyUpTo } from '../../wire/request-body.js';
import { pairRawHeaders } from '../../wire/raw-fields.js';
import type { RpcHttpData } from '../worker/core-types.js';
import { BodyBudget } from './body-budget.js';
import { writeStatus } from './http-response.js';
import { parseQueryString, parseRequestTarget, type RequestTarget } from './request-target.js';

/** One request, as the host has understood it. */
export interface ReceivedRequest {
  readonly method: string;
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly target: RequestTarget;
  readonly query: ReadonlyMap<string, readonly string[]>;
  readonly headers: HostHeaders;
}

/** Undefined for a request line or a host that Kestrel answers with 400. */
export function receiveRequest(
  method: string,
  rawTarget: string,
  headers: HostHeaders,
  ownAuthority: string,
): ReceivedRequest | undefined {
  const target = isWholeServer(method, rawTarget) ? wholeServer : parseRequestTarget(rawTarget);
  const host = headers.get('host') ?? ownAuthority;
  // The front end terminates TLS. Azure's hosts take the scheme from this field in the same way.
  const scheme = headers.get('x-forwarded-proto')?.toLowerCase() === 'https' ? 'https' : 'http';
  if (target === undefined || !isHost(host)) return undefined;
  if (!agreesWithTarget(rawTarget, headers.get('host'))) return undefined;
  return { method, scheme, host, target, query: parseQueryString(target.queryString), headers };
}

/** Kestrel accepts an empty `Host` too, which RFC 9112 section 3.2 requires if a target has no authority. */
function isHost(host: string): boolean {
  return host === '' || (/^[^\s/?#@\\]+$/.test(host) && URL.canParse(`http://${host}`));
}

/** The asterisk form (RFC 9112 section 3.2.4). Its path is empty. */
const wholeServer: RequestTarget = { path: '', encodedPath: '', queryString: '' };

function isWholeServer(method: string, rawTarget: string): boolean {
  return rawTarget === '*' && method === 'OPTIONS';
}

/**
 * Whether a target in absolute form names the same host as the Host header (RFC 9112 section 3.2.2). A default port may
 * be written or left out in the header.
 */
function agreesWithTarget(rawTarget: string, host: string | undefined): boolean {
  const origin = /^https?:\/\/[^/?]*/i.exec(rawTarget)?.[0];
  if (origin === undefined || host === undefined) return true;
  if (!URL.canParse(origin)) return false;
  const { host: authority, protocol, port } = new URL(origin);
  return host === authority || (port === '' && host === `${authority}:${protocol === 'https:' ? 443 : 80}`);
}

/**
 * The `RpcHttp` message, as the real host fills it for the Node.js worker
 * (`GrpcMessageConversionExtensions.ToRpcHttp`).
 */
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

/** `fromEntries` defines own properties, so that a header or parameter named `__proto__` is kept as one. */
function toNullable(map: ReadonlyMap<string, string>): Record<string, { readonly value: string }> {
  return Object.fromEntries([...map].map(([name, value]) => [name, { value }]));
}

/** The largest body that the real host accepts (`DefaultMaxRequestBodySize`): 100 MiB. */
export const maximumBodyBytes = 104_857_600;

/**
 * Together, the large bodies that are read at the same time may be as large as the largest one. The gateway forwards
 * those of unknown callers too.
 */
const budget = new BodyBudget(maximumBodyBytes);

/**
 * Reads a body of declared length. Resolves to `too-large` beyond the limit. Rejects if the client leaves before its
 * end.
 */
export async function readRequestBody(request: IncomingMessage): Promise<Buffer | 'too-large'> {
  const declared = declaredLength(request);
  if (declared > maximumBodyBytes) return 'too-large';
  const release = await budget.reserve(declared, request);
  try {
    // The buffer has its final size from the start. A list of chunks that is joined at the end would need twice the
    // memory.
    const body = Buffer.allocUnsafeSlow(declared);
    let length = 0;
    for await (const chunk of request as AsyncIterable<Buffer>) {
      // Node's parser never lets a body exceed its declared length.
      length += chunk.copy(body, length);
    }
    return body.subarray(0, length);
  } finally {
    release();
  }
}

/**
 * Reads a body of declared length or in chunks, up to a limit. Used for bodies that a function does not get unchanged.
 */
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

/** The value of `Content-Length`. Zero if there is none, as in a chunked request, or if it is not a safe integer. */
export function declaredLength(request: IncomingMessage): number {
  const length = Number(request.headers['content-length'] ?? 0);
  return Number.isSafeInteger(length) ? length : 0;
}

export function hasBody(request: IncomingMessage): boolean {
  return declaredLength(request) > 0 || request.headers['transfer-encoding'] !== undefined;
}

/** Refuses a request. The rest of its body isn't read, so the connection can't be used again. */
export function refuseRequest(request: IncomingMessage, response: ServerResponse, status: number): void {
  if (hasBody(request)) response.setHeader('connection', 'close');
  writeStatus(response, status);
}

/** Header names in lower case, each with its values joined to one text. */
type HostHeaders = ReadonlyMap<string, string>;

/** The status with which Kestrel refuses headers before any function gets them. */
type HeaderRefusal = 400 | 431;

const maximumHeaderCount = 100;
/** The limit of Kestrel's `MaxRequestHeadersTotalSize`, in bytes. */
export const maximumHeaderBytes = 32_768;

/**
 * Reads headers as the real host passes them on: names in lower case, and the values of a repeated header joined by `,`
 * without a space, even if Node would have dropped or joined them in another way. A gate sees a client certificate
 * header that was sent twice in this form.
 */
export function readRequestHeaders(rawHeaders: readonly string[]): HostHeaders | HeaderRefusal {
  if (rawHeaders.length / 2 > maximumHeaderCount) return 431;
  // Each line has a colon, a space and a line end besides the two texts. Node returns each byte as one character.
  if (rawHeaders.reduce((total, text) => total + text.length + 2, 0) > maximumHeaderBytes) return 431;
  const headers = new Map<string, string>();
  for (const [spelling, latin1] of pairRawHeaders(rawHeaders)) {
    const name = spelling.toLowerCase();
    const value = decodeValue(latin1);
    if (value === undefined) return 400;
    const earlier = headers.get(name);
    // The real server refuses a repeated `Host`, because that field decides where a request belongs.
    if (earlier !== undefined && name === 'host') return 400;
    headers.set(name, earlier === undefined ? value : `${earlier},${value}`);
  }
  return headers;
}

/** Decodes a value as Kestrel does: as UTF-8, and undefined if it is not valid. Node has read its bytes as Latin-1. */
function decodeValue(latin1: string): string | undefined {
  if (!/[\x80-\xff]/.test(latin1)) return latin1;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(latin1, 'latin1'));
  } catch {
    return undefined;
  }
}
