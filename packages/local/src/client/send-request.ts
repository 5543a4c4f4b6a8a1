// client/: calls a function over mTLS, and explains why a connection failed.

import { Agent, request, type Dispatcher } from 'undici';
import { ToolFailure } from '../tool-failure.js';
import { explainConnectionFault } from './explain-connection-fault.js';

export interface OutgoingRequest {
  /** `https:`, or `http:` when no certificate is to be shown. */
  readonly url: string;
  /** Default GET. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Uint8Array;
  /** Shown when the server asks for one. */
  readonly certificate?: { readonly certificatePem: string; readonly privateKeyPem: string };
  /** Replaces the system's authorities: only a server that these vouch for is spoken to. */
  readonly caPem?: string;
  /** From the start of the connection to the end of the body. Default 30 seconds. */
  readonly timeoutMilliseconds?: number;
}

export interface IncomingResponse {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The body as UTF-8. */
  readonly body: string;
}

const maximumResponseBytes = 64 * 1_048_576;

/**
 * One request over one new connection, redirects not followed: what came back is what this server said to this
 * certificate. The server's certificate is always verified. Throws ToolFailure when there was no complete answer.
 */
export async function sendRequest(outgoing: OutgoingRequest): Promise<IncomingResponse> {
  return exchange(outgoing, async ({ statusCode, headers, body }) =>
    Object.freeze({ status: statusCode, headers, body: await body.text() }),
  );
}

export interface PreviewedResponse extends Omit<IncomingResponse, 'body'> {
  /** The beginning of the body. */
  readonly body: Buffer;
  /** Of the whole body. */
  readonly bodyLength: number;
}

/** The same, for a body that may be long: it is read to its end and counted, but no more than the first bytes are kept. */
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
    // As much as the gateway passes on.
    maxHeaderSize: 65_536,
    connect: {
      rejectUnauthorized: true,
      // A signal doesn't end a handshake that hangs; destroy() would wait for undici's own ten seconds.
      timeout: timeoutMilliseconds,
      ...(certificate === undefined ? {} : { cert: certificate.certificatePem, key: certificate.privateKeyPem }),
      ...(caPem === undefined ? {} : { ca: caPem }),
    },
  });
}

/** Copies, since undici's types take no list that can't be changed. */
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
