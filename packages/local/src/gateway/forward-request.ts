/**
 * One request to the app and its response back, both streamed with backpressure. Every request has its own connection
 * to the app, so no response can be taken for the answer to another request, and no stale connection fails one.
 * It is announced as one that stays open anyway: an app that is told to close resets the connection when it
 * answers before it has read the body, and the reset may overtake its answer.
 */
import { request as openHttpRequest, type ClientRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { GatewayAnswer } from './exchange/gateway-exchange.js';
import { drainRequest } from '../wire/request-body.js';
import { buildClientResponseFields } from './exchange/gateway-response.js';
import type { RawField } from '../wire/raw-fields.js';

/** Node's own limit is 16 KiB, which apps may pass on Azure. What the front end there takes is not documented. */
const maximumResponseHeaderBytes = 65_536;

/** Sends the head at once. `flushHeaders` would do so too, but writes bytes above ASCII as UTF-8. */
const nothing: Buffer = Buffer.alloc(0);

export interface RequestToForward {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly upstream: URL;
  readonly target: string;
  readonly fields: readonly RawField[];
  /** Body bytes that were read before the request went on. */
  readonly receivedBody: readonly Buffer[];
  readonly hasBody: boolean;
  readonly waitsForContinue: boolean;
  readonly timeoutMilliseconds: number;
}

export type ForwardOutcome =
  | { readonly kind: 'upstream-answered' | 'upstream-aborted' }
  /** The client left before the answer was out. */
  | { readonly kind: 'client-aborted' }
  /** Nothing was sent to the client yet: the gateway must answer. */
  | { readonly kind: 'no-answer'; readonly answer: GatewayAnswer };

/** Resolves when the response is out, or when the gateway has to make one. Never rejects. */
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
      // Only the client that asked for it, and only once: a second one would be read as the answer's head by some.
      if (!forwarded.waitsForContinue || continued || response.headersSent) return;
      continued = true;
      response.writeContinue();
    });
    upstreamRequest.on('upgrade', (_response, socket) => {
      socket.destroy();
      refuse('upstream-malformed');
    });
    // After the response's head an error is only the end of a body that the app no longer wanted.
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
    // A flat array is written as it stands: order, spelling and duplicates kept, nothing added.
    headers: [...fields.flat(), 'Connection', 'Keep-Alive'],
    // One without keep-alive: it closes the connection after the response.
    agent: false,
    timeout: timeoutMilliseconds,
    insecureHTTPParser: false,
    maxHeaderSize: maximumResponseHeaderBytes,
  });
  // Node would drop the fields beyond its default number silently.
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
  // `pipe` ends the upstream request at `end` only: a client that leaves within its body never completes it.
  else request.pipe(upstreamRequest);
}

function writeResponseHead(
  request: IncomingMessage,
  response: ServerResponse,
  upstreamResponse: IncomingMessage,
): void {
  const fields = buildClientResponseFields(upstreamResponse.rawHeaders);
  // What is left of the request's body can't be told from the next request once nobody reads it.
  if (!request.complete) fields.push(['Connection', 'close']);
  response.sendDate = false;
  response.writeHead(upstreamResponse.statusCode ?? 0, upstreamResponse.statusMessage ?? '', fields.flat());
  response.write(nothing);
}

/** Trailers of the app end here, as those of the client do: neither is read. */
async function endResponse(request: IncomingMessage, response: ServerResponse, bodyWithheld: boolean): Promise<void> {
  if (!bodyWithheld) await drainRequest(request);
  response.end();
}

function classifyUpstreamError(error: NodeJS.ErrnoException): GatewayAnswer {
  return error.code?.startsWith('HPE_') === true ? 'upstream-malformed' : 'upstream-unreachable';
}
