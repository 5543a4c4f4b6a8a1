/**
 * Forwards one request to the app and streams the response back, both with backpressure. Every request has its own
 * connection to the app, so that no response can be taken for the answer to another request, and no stale connection
 * makes a request fail. The connection is announced as `Keep-Alive` nevertheless. If an app is told to close and
 * answers before it has read the body, it resets the connection, and the reset may overtake its answer.
 */
import { request as openHttpRequest, type ClientRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { GatewayAnswer } from './exchange/gateway-exchange.js';
import { drainRequest } from '../wire/request-body.js';
import { buildClientResponseFields } from './exchange/gateway-response.js';
import type { RawField } from '../wire/raw-fields.js';

/**
 * Node's own limit is 16 KiB, but apps on Azure may send more. How much Azure's front end accepts is not documented.
 */
const maximumResponseHeaderBytes = 65_536;

/**
 * An empty write, which sends the head at once. `flushHeaders` would do so too, but writes bytes above ASCII as UTF-8.
 */
const nothing: Buffer = Buffer.alloc(0);

export interface RequestToForward {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly upstream: URL;
  readonly target: string;
  readonly fields: readonly RawField[];
  /** Bytes of the body that were read before the request was forwarded. */
  readonly receivedBody: readonly Buffer[];
  readonly hasBody: boolean;
  readonly waitsForContinue: boolean;
  readonly timeoutMilliseconds: number;
}

export type ForwardOutcome =
  | { readonly kind: 'upstream-answered' | 'upstream-aborted' }
  /** The client left before the answer was sent. */
  | { readonly kind: 'client-aborted' }
  /** No response head was sent to the client yet, so the gateway must answer. */
  | { readonly kind: 'no-answer'; readonly answer: GatewayAnswer };

/** Resolves when the response has closed, or when the gateway must answer itself. Never rejects. */
export function forwardRequest(forwarded: RequestToForward): Promise<ForwardOutcome> {
  const { request, response } = forwarded;
  return new Promise((resolve) => {
    const upstreamRequest = openUpstreamRequest(forwarded);
    let aborted = false;
    let continued = false;
    let timedOut = false;
    const refuse = (answer: GatewayAnswer): void => {
      request.unpipe(upstreamRequest);
      upstreamRequest.destroy();
      resolve({ kind: 'no-answer', answer });
    };
    response.once('close', () => {
      upstreamRequest.destroy();
      if (aborted) resolve({ kind: 'upstream-aborted' });
      else resolve({ kind: response.writableFinished ? 'upstream-answered' : 'client-aborted' });
    });
    const abort = (): void => {
      aborted = true;
      response.destroy();
    };

    upstreamRequest.on('timeout', () => {
      timedOut = true;
      if (response.headersSent) abort();
      else refuse('upstream-timeout');
    });
    upstreamRequest.on('continue', () => {
      // `100 Continue` is sent only to a client that waits for it, and only once, because some clients would take a
      // second one for the head of the answer.
      if (!forwarded.waitsForContinue || continued || response.headersSent) return;
      continued = true;
      response.writeContinue();
    });
    upstreamRequest.on('upgrade', (_response, socket) => {
      socket.destroy();
      refuse('upstream-malformed');
    });
    // After the response's head, the response itself shows whether it is complete. An error may only mean that the app
    // no longer wanted the body.
    upstreamRequest.on('error', (error) => {
      if (!response.headersSent) refuse(timedOut ? 'upstream-timeout' : classifyUpstreamError(error));
    });
    upstreamRequest.on('response', (upstreamResponse) => {
      try {
        writeResponseHead(request, response, upstreamResponse);
      } catch {
        refuse('upstream-malformed');
        return;
      }
      upstreamResponse.pipe(response, { end: false });
      upstreamResponse.once('end', () => {
        endResponse(request, response, forwarded.waitsForContinue && !continued).catch(abort);
      });
      upstreamResponse.once('error', abort);
      upstreamResponse.once('close', () => {
        if (!upstreamResponse.complete) abort();
      });
    });
    sendBody(forwarded, upstreamRequest);
  });
}

function openUpstreamRequest({
  request,
  upstream,
  target,
  fields,
  timeoutMilliseconds,
}: RequestToForward): ClientRequest {
  const upstreamRequest = openHttpRequest({
    host: upstream.hostname.replace(/^\[|\]$/g, ''),
    port: upstream.port === '' ? 80 : Number(upstream.port),
    method: request.method ?? '',
    path: target,
    // Node writes a flat array as it is: it keeps order, spelling and duplicates, and adds nothing.
    headers: [...fields.flat(), 'Connection', 'Keep-Alive'],
    // A connection without an agent is closed after the response.
    agent: false,
    timeout: timeoutMilliseconds,
    insecureHTTPParser: false,
    maxHeaderSize: maximumResponseHeaderBytes,
  });
  // Otherwise Node would silently drop fields beyond its default number.
  upstreamRequest.maxHeadersCount = 0;
  return upstreamRequest;
}

function sendBody({ request, receivedBody, hasBody }: RequestToForward, upstreamRequest: ClientRequest): void {
  if (!hasBody) {
    upstreamRequest.end();
    return;
  }
  upstreamRequest.write(nothing);
  for (const chunk of receivedBody) upstreamRequest.write(chunk);
  if (request.readableEnded) upstreamRequest.end();
  // `pipe` ends the upstream request only at `end`, so a client that leaves within its body never completes it.
  else request.pipe(upstreamRequest);
}

function writeResponseHead(
  request: IncomingMessage,
  response: ServerResponse,
  upstreamResponse: IncomingMessage,
): void {
  const fields = buildClientResponseFields(upstreamResponse.rawHeaders);
  // If the app answers early, the rest of the body may stay unread, and it could be taken for the next request.
  if (!request.complete) fields.push(['Connection', 'close']);
  response.sendDate = false;
  response.writeHead(upstreamResponse.statusCode ?? 0, upstreamResponse.statusMessage ?? '', fields.flat());
  response.write(nothing);
}

/** Ends the response. Trailers are not forwarded in either direction. */
async function endResponse(request: IncomingMessage, response: ServerResponse, bodyWithheld: boolean): Promise<void> {
  if (!bodyWithheld) await drainRequest(request);
  response.end();
}

function classifyUpstreamError(error: NodeJS.ErrnoException): GatewayAnswer {
  return error.code?.startsWith('HPE_') === true ? 'upstream-malformed' : 'upstream-unreachable';
}
