// client/: sends requests with or without a client certificate, and explains why a connection failed.

import { Agent, request, type Dispatcher } from 'undici';
import { ToolFailure } from '../tool-failure.js';
import { explainConnectionFault } from './explain-connection-fault.js';

export interface OutgoingRequest {
  /** An `https:` URL, or an `http:` URL if no certificate is given. */
  readonly url: string;
  /** Default: GET. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Uint8Array;
  /** Shown to the server if it asks for a certificate. */
  readonly certificate?: { readonly certificatePem: string; readonly privateKeyPem: string };
  /** The only authorities to trust, in place of Node.js's own. */
  readonly caPem?: string;
  /** From the start of the connection to the end of the body. Default: 30 seconds. */
  readonly timeoutMilliseconds?: number;
}

export interface IncomingResponse {
  readonly status: number;
  /** The header fields by name in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The body, read as UTF-8. */
  readonly body: string;
}

const maximumResponseBytes = 64 * 1_048_576;

/**
 * Sends one request over a new connection, without following redirects, so that the answer is this server's to this
 * certificate. Over https, the server's certificate is always verified. Throws ToolFailure if the URL can't be used, or
 * if there is no complete answer.
 */
export async function sendRequest(outgoing: OutgoingRequest): Promise<IncomingResponse> {
  return exchange(outgoing, async ({ statusCode, headers, body }) =>
    Object.freeze({ status: statusCode, headers, body: await body.text() }),
  );
}

export interface PreviewedResponse extends Omit<IncomingResponse, 'body'> {
  /** The beginning of the body. */
  readonly body: Buffer;
  /** The length of the whole body, in bytes. */
  readonly bodyLength: number;
}

/**
 * Like `sendRequest`, for a body that may be long. The body is read to its end and counted, but only its first
 * `keptBytes` are kept.
 */
export async function previewResponse(outgoing: OutgoingRequest, keptBytes: number): Promise<PreviewedResponse> {
  return exchange(outgoing, async ({ statusCode, headers, body }) => {
    const kept: Buffer[] = [];
    let bodyLength = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      if (bodyLength < keptBytes) kept.push(chunk.subarray(0, keptBytes - bodyLength));
      bodyLength += chunk.length;
    }
    return Object.freeze({ status: statusCode, headers, body: Buffer.concat(kept), bodyLength });
  });
}

async function exchange<Result>(
  outgoing: OutgoingRequest,
  read: (response: Dispatcher.ResponseData) => Promise<Result>,
): Promise<Result> {
  const url = parseUrl(outgoing);
  const timeoutMilliseconds = outgoing.timeoutMilliseconds ?? 30_000;
  const agent = createAgent(outgoing, timeoutMilliseconds);
  try {
    const signal = AbortSignal.timeout(timeoutMilliseconds);
    return await read(await request(url, { ...createOptions(outgoing), dispatcher: agent, signal }));
  } catch (cause) {
    throw explainConnectionFault(cause, {
      url,
      timeoutMilliseconds,
      hasCertificate: outgoing.certificate !== undefined,
      hasAuthority: outgoing.caPem !== undefined,
    });
  } finally {
    await agent.destroy();
  }
}

function parseUrl({ url, certificate }: OutgoingRequest): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || (parsed.protocol !== 'https:' && parsed.protocol !== 'http:')) {
    throw new ToolFailure(`"${url}" is not an https URL.`, {
      remedy: 'Pass the complete URL: https://host/api/function.',
    });
  }
  if (parsed.protocol === 'http:' && certificate !== undefined) {
    throw new ToolFailure(`${parsed.origin} is plain HTTP, which carries no client certificate.`, {
      remedy: 'Use the https URL, or omit the certificate.',
    });
  }
  return parsed;
}

function createAgent({ certificate, caPem }: OutgoingRequest, timeoutMilliseconds: number): Agent {
  return new Agent({
    maxResponseSize: maximumResponseBytes,
    // The largest header section that the gateway passes on, in bytes.
    maxHeaderSize: 65_536,
    connect: {
      rejectUnauthorized: true,
      // A signal doesn't end a handshake that hangs, and destroy() would wait for undici's own ten seconds.
      timeout: timeoutMilliseconds,
      ...(certificate === undefined ? {} : { cert: certificate.certificatePem, key: certificate.privateKeyPem }),
      ...(caPem === undefined ? {} : { ca: caPem }),
    },
  });
}

/** Copies the values, because undici's types do not accept read-only lists. */
function createOptions({
  method = 'GET',
  headers = {},
  body,
}: OutgoingRequest): Pick<Dispatcher.RequestOptions, 'method' | 'headers' | 'body'> {
  return {
    method,
    headers: structuredClone(headers) as Record<string, string | string[]>,
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : Buffer.from(body) }),
  };
}
