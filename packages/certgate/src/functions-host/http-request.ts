import type { RpcHttpData } from './core-types.js';
import { parseQueryString } from './query-string.js';
import type { RequestHeaders } from './request-headers.js';
import { parseRequestTarget, type RequestTarget } from './request-target.js';

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
  const target = parseRequestTarget(rawTarget);
  const host = headers.get('host') ?? ownAuthority;
  // The front end in front of us ends TLS; Azure's hosts take the scheme from it in the same way.
  const scheme = headers.get('x-forwarded-proto')?.toLowerCase() === 'https' ? 'https' : 'http';
  if (target === undefined || !/^[^\s/?#@\\]+$/.test(host) || !URL.canParse(`${scheme}://${host}`)) return undefined;
  if (!agreesWithTarget(rawTarget, headers.get('host'))) return undefined;
  return { method, scheme, host, target, query: parseQueryString(target.queryString), headers };
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
