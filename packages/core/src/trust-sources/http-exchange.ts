import type * as plainModule from 'node:http';
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import type * as secureModule from 'node:https';
import { redactUrl } from '../encoding/shown-url.js';
import { readCappedBody } from './document-bytes.js';

export interface HttpsGetOptions {
  readonly headers: Readonly<Record<string, string>>;
  /** Certification authorities in PEM, which replace those that Node trusts. Undefined to use those of Node. */
  readonly ca: string | undefined;
  readonly signal: AbortSignal;
  readonly maximumLength: number;
}

export interface HttpsAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Set only if the status is 200. */
  readonly body: Uint8Array | undefined;
}

/**
 * Sends one GET request, over TLS unless the URL begins with `http:`. It follows no redirects, uses no proxy and keeps
 * no connection. The body is read only if the status is 200.
 *
 * @throws {Error} (as a rejection) if no complete answer comes, or if its body is encoded or too long.
 */
export async function getOverHttp(url: URL, options: HttpsGetOptions): Promise<HttpsAnswer> {
  const { headers: sent, ca, signal, maximumLength } = options;
  const response = await sendRequest(url, { method: 'GET', headers: sent, ca, signal });
  const { statusCode: status = 0, headers } = response;
  if (status !== 200) {
    response.destroy();
    return { status, headers, body: undefined };
  }
  try {
    const encoding = headers['content-encoding'] ?? 'identity';
    if (encoding !== 'identity') throw new Error(`it has the encoding ${encoding}, which was not requested`);
    return { status, headers, body: await readBody(response, maximumLength) };
  } catch (error) {
    response.destroy();
    throw error;
  }
}

async function readBody(response: IncomingMessage, maximumLength: number): Promise<Uint8Array> {
  const length = response.headers['content-length'];
  const body = await readCappedBody(
    response as AsyncIterable<Buffer>,
    maximumLength,
    length === undefined ? undefined : Number(length),
  );
  if (!response.complete) throw new Error('it was cut short');
  return body;
}

interface SourceRequest {
  readonly method: 'GET' | 'POST';
  readonly headers: OutgoingHttpHeaders;
  readonly body?: Uint8Array;
  readonly ca?: HttpsGetOptions['ca'];
  readonly signal: AbortSignal;
}

async function sendRequest(url: URL, { body, ca, ...options }: SourceRequest): Promise<IncomingMessage> {
  const { plain, secure } = await loadHttp();
  return new Promise((resolve, reject) => {
    // A new connection: one that was kept may have died while the instance was frozen.
    const common = { ...options, agent: false } as const;
    const request: ClientRequest =
      url.protocol === 'http:'
        ? plain.request(url, common, resolve)
        : // This connection must verify the server, even with NODE_TLS_REJECT_UNAUTHORIZED=0.
          secure.request(url, { ...common, rejectUnauthorized: true, ...(ca === undefined ? {} : { ca }) }, resolve);
    request.on('error', (error) => {
      reject(new Error(`${redactUrl(url)} can't be reached: ${describeConnectionFault(error)}`));
    });
    request.end(body);
  });
}

/**
 * The message of a connection error. If a host has several addresses, Node's error has an empty message and contains
 * one error for each address.
 */
function describeConnectionFault(error: Error & { readonly code?: string }): string {
  if (error.message !== '') return error.message;
  const errors: readonly unknown[] = error instanceof AggregateError ? error.errors : [];
  const messages = errors.flatMap((each) => (each instanceof Error ? [each.message] : []));
  return messages.length > 0 ? messages.join(', ') : (error.code ?? error.name);
}

/** In bytes: far more than an OCSP answer for one certificate needs, with the responder's own certificate. */
const maximumResponseLength = 64 * 1024;

/**
 * Sends one OCSP request by POST (RFC 6960 appendix A.1), without following redirects, using proxies or keeping the
 * connection. The URL may have plain HTTP, which is what responders speak, because the answer is signed.
 *
 * @throws {Error} (as a rejection) if no complete answer with status 200 comes, or if it is too long.
 */
export async function postOcspRequest(url: URL, body: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
  const headers = {
    'content-type': 'application/ocsp-request',
    accept: 'application/ocsp-response',
    'content-length': body.length,
  };
  const response = await sendRequest(url, { method: 'POST', headers, body, signal });
  try {
    if (response.statusCode !== 200) throw new Error(`${redactUrl(url)} answered ${response.statusCode ?? 'nothing'}`);
    return await readCappedBody(response as AsyncIterable<Buffer>, maximumResponseLength, undefined);
  } finally {
    response.destroy();
  }
}

interface HttpModules {
  readonly plain: typeof plainModule;
  readonly secure: typeof secureModule;
}

/**
 * Loads Node's HTTP and TLS modules with the first request that needs them. At every cold start, they took a seventh of
 * the time for loading this package, and an app that only reads files never needs them.
 */
async function loadHttp(): Promise<HttpModules> {
  const [plain, secure] = await Promise.all([import('node:http'), import('node:https')]);
  return { plain, secure };
}
