import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { readCappedBody } from './capped-body.js';
import { loadHttp } from './http-modules.js';
import { redactUrl } from './redacted-url.js';

export interface HttpsGetOptions {
  readonly headers: Readonly<Record<string, string>>;
  /** PEM; in the place of the machine's certification authorities. */
  readonly ca: string | undefined;
  readonly signal: AbortSignal;
  readonly maximumLength: number;
}

export interface HttpsAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Of a 200 alone. */
  readonly body: Uint8Array | undefined;
}

/**
 * One GET by TLS, without redirects, proxies or kept connections. Only a 200 has its body read.
 *
 * @throws {Error} (as a rejection) when there is no whole answer.
 */
export async function getByHttps(url: URL, options: HttpsGetOptions): Promise<HttpsAnswer> {
  const response = await sendRequest(url, options);
  const { statusCode: status = 0, headers } = response;
  if (status !== 200) {
    response.destroy();
    return { status, headers, body: undefined };
  }
  try {
    const encoding = headers['content-encoding'] ?? 'identity';
    if (encoding !== 'identity') throw new Error(`it came in the encoding ${encoding}, which nobody asked for`);
    return { status, headers, body: await readBody(response, options.maximumLength) };
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

async function sendRequest(url: URL, { headers, ca, signal }: HttpsGetOptions): Promise<IncomingMessage> {
  const { plain, secure } = await loadHttp();
  return new Promise((resolve, reject) => {
    // A connection of its own: one that was kept may have died while the instance was frozen.
    const common = { headers, signal, agent: false } as const;
    const request: ClientRequest =
      url.protocol === 'http:'
        ? plain.get(url, common, resolve)
        : // NODE_TLS_REJECT_UNAUTHORIZED=0 must not open this one.
          secure.get(url, { ...common, rejectUnauthorized: true, ...(ca === undefined ? {} : { ca }) }, resolve);
    request.on('error', (error) => {
      reject(new Error(`${redactUrl(url)} can't be reached: ${describeConnectionFault(error)}`));
    });
  });
}

/** Where a host has several addresses, node's error says nothing itself and holds one error for each. */
function describeConnectionFault(error: Error & { readonly code?: string }): string {
  if (error.message !== '') return error.message;
  const errors: readonly unknown[] = error instanceof AggregateError ? error.errors : [];
  const messages = errors.flatMap((each) => (each instanceof Error ? [each.message] : []));
  return messages.length > 0 ? messages.join(', ') : (error.code ?? error.name);
}
