import { Agent, request, type ClientRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { hopByHopNames, pairRawHeaders } from '../../wire/raw-fields.js';
import { hasBody, maximumBodyBytes, type ReceivedRequest } from './http-request.js';
import { writeStatus } from './http-response.js';

/**
 * The most bytes of response headers: 64 KiB, the default of `MaxResponseHeadersLength` of .NET's `SocketsHttpHandler`,
 * with which the real host forwards.
 */
const maximumResponseHeaderBytes = 65_536;

/** Headers that are not forwarded: those of a single connection, `Expect`, and those that this host sets itself. */
const notForwarded: ReadonlySet<string> = new Set([
  ...hopByHopNames,
  'content-length',
  'expect',
  'host',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-ms-invocation-id',
]);

/**
 * Forwards a request to the HTTP server that the library opens for streaming, and the answer back to the client. The
 * real host does the same with a reverse proxy. The invocation itself then carries no HTTP.
 */
export class StreamingExchange {
  readonly #forwarded: ClientRequest;
  readonly #client: ServerResponse;
  readonly #answered: Promise<void>;

  constructor(
    uri: URL,
    invocationId: string,
    received: ReceivedRequest,
    incoming: IncomingMessage,
    client: ServerResponse,
    body: Buffer | undefined,
  ) {
    this.#client = client;
    // Each request has its own connection, because the library's server closes idle ones. `keepAlive` is set
    // nevertheless: a server that closes after an early answer resets the connection if it has not read the body, and
    // the answer is lost.
    const connection = new Agent({ keepAlive: true, maxSockets: 1 });
    this.#forwarded = request(uri, {
      method: received.method,
      path: `${received.target.encodedPath}${received.target.queryString}`,
      headers: {
        ...forwardedHeaders(received, invocationId, incoming.socket.remoteAddress ?? ''),
        ...framingHeaders(incoming, body),
      },
      agent: connection,
      maxHeaderSize: maximumResponseHeaderBytes,
    });
    this.#answered = this.#passAnswer();
    // Without a request at the library's server, the invocation never ends and nobody calls `finish`. So a failure is
    // answered here.
    this.#answered.catch(() => {
      if (!client.headersSent && !client.destroyed) writeStatus(client, 502);
    });
    client.once('close', () => {
      this.#forwarded.destroy();
      connection.destroy();
    });
    if (body !== undefined) this.#forwarded.end(body);
    else if (hasBody(incoming)) this.#passBody(incoming);
    else this.#forwarded.end();
  }

  /**
   * Called when the invocation has ended. If the library never answered, because the handler threw or returned nothing,
   * the client gets 500.
   */
  async finish(libraryHasAnswered: boolean): Promise<void> {
    if (libraryHasAnswered) {
      await this.#answered;
      return;
    }
    writeStatus(this.#client, 500);
    this.#forwarded.destroy();
  }

  async #passAnswer(): Promise<void> {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      this.#forwarded.once('response', resolve).once('error', reject);
    });
    if (this.#client.headersSent) {
      answer.destroy();
      return;
    }
    this.#client.statusCode = answer.statusCode ?? 502;
    for (const [name, value] of pairRawHeaders(answer.rawHeaders)) {
      if (!/^(?:connection|keep-alive|transfer-encoding)$/i.test(name)) this.#client.appendHeader(name, value);
    }
    this.#client.flushHeaders();
    await pipeline(answer, this.#client);
  }

  #passBody(incoming: IncomingMessage): void {
    let length = 0;
    incoming.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= maximumBodyBytes) return;
      writeStatus(this.#client, 413);
      this.#forwarded.destroy();
    });
    incoming.once('error', () => {
      this.#forwarded.destroy();
    });
    incoming.pipe(this.#forwarded);
  }
}

/**
 * Always frames the body, because Node does not do so for GET, HEAD, DELETE, OPTIONS or TRACE. The library's server
 * would read an unframed body as the next request.
 */
function framingHeaders(incoming: IncomingMessage, body: Buffer | undefined): Record<string, string> {
  if (body !== undefined) return { 'content-length': String(body.length) };
  return hasBody(incoming) ? { 'transfer-encoding': 'chunked' } : {};
}

function forwardedHeaders(received: ReceivedRequest, invocationId: string, from: string): Record<string, string> {
  const kept = [...received.headers].filter(([name]) => !notForwarded.has(name));
  return {
    ...Object.fromEntries(kept.map(([name, value]) => [name, Buffer.from(value, 'utf8').toString('latin1')])),
    'x-forwarded-for': from,
    'x-forwarded-host': received.host,
    'x-forwarded-proto': received.scheme,
    'x-ms-invocation-id': invocationId,
  };
}
