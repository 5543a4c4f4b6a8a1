// http/: the HTTP side of the Functions host, which turns requests into invocations and results into responses.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { findRoute, isDisabled, type RouteMatch } from '../routing/router.js';
import type { HostAccess, HostAnswer, StrictTransportSecurity } from '../worker/host-protocol.js';
import { describeError } from '../worker/invocation.js';
import { AnswerReport, DecisionWatch } from './answer-report.js';
import { runFunction } from './http-invocation.js';
import {
  maximumHeaderBytes,
  readRequestHeaders,
  type ReceivedRequest,
  receiveRequest,
  refuseRequest,
} from './http-request.js';
import { writeStatus } from './http-response.js';
import { identifySender, type RequestSender } from './request-sender.js';
import type { ServedApp } from './served-app.js';

/** The limit of Kestrel's `MaxRequestLineSize`, in bytes. */
const maximumRequestLineBytes = 8192;
/** Room for the gateway's token, which is not part of the request that the app gets. */
const frontEndFieldBytes = 256;
const homePage = 'This function app is running in the local host of Certgate.\n';

/** Used before `listen`, when nobody can send a request yet. */
const unknownSender: RequestSender = { kind: 'refused', message: 'The host does not listen yet.' };

/**
 * A server that answers its gateway with 503 until `serve` gives it the app. It listens before the app loads, because
 * the app's settings contain the port.
 */
export class HttpServer {
  readonly #server: Server;
  #served: ServedApp | undefined;
  /** Connections whose response is due or has begun. */
  readonly #answering = new WeakSet<Socket>();
  #access: HostAccess | undefined;
  #hasRefusedSender = false;
  readonly #decisions = new DecisionWatch();
  readonly #onAnswer: (answer: HostAnswer) => void;

  constructor(onAnswer: (answer: HostAnswer) => void) {
    this.#onAnswer = onAnswer;
    // Node counts the request line together with the headers. Kestrel's limits for each are checked when they are read.
    const maxHeaderSize = maximumRequestLineBytes + maximumHeaderBytes + frontEndFieldBytes;
    this.#server = createServer({ maxHeaderSize, keepAliveTimeout: 130_000 }, (request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        this.#report(error);
        writeStatus(response, 500);
      });
    });
    this.#server.maxHeadersCount = 0;
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
      this.#refuseUnreadable(error.code ?? '', socket);
    });
  }

  async listen(port: number, access: HostAccess): Promise<number> {
    this.#access = access;
    await once(this.#server.listen(port, '127.0.0.1'), 'listening');
    return this.port;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  serve(served: ServedApp): void {
    this.#served = served;
  }

  close(): void {
    this.#server.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A client that leaves is not a fault of the app.
    request.on('error', () => undefined);
    response.on('error', () => undefined);
    this.#answering.add(request.socket);
    response.once('close', () => this.#answering.delete(request.socket));
    const sender = this.#access === undefined ? unknownSender : identifySender(request.rawHeaders, this.#access);
    if (sender.kind === 'refused') {
      this.#refuseSender(response, sender.message);
      return;
    }
    const hsts = findStrictTransportSecurity(this.#served?.strictTransportSecurity, request.headers);
    if (hsts !== undefined) response.setHeader('strict-transport-security', hsts);
    const report = new AnswerReport(request, response, this.#decisions, this.#onAnswer);
    const received = this.#receive(request, sender.rawHeaders);
    if (typeof received === 'number') {
      refuseRequest(request, response, received);
      return;
    }
    const exchange = { request, response, report, rawHeaders: sender.rawHeaders };
    if (this.#served?.mcp?.serves(received.target.path) === true) {
      await this.#served.mcp.answer(received, exchange);
      return;
    }
    const match = this.#served === undefined ? undefined : findFunction(this.#served, received);
    if (this.#served !== undefined && match !== undefined) {
      await runFunction(this.#served, match, received, exchange);
    } else if (this.#served !== undefined && received.target.path === '/') {
      response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end(homePage);
    } else {
      refuseRequest(request, response, this.#served === undefined ? 503 : 404);
    }
  }

  /**
   * Refuses a request of a sender that may not call the host. Only the first such refusal after the start of the app is
   * logged, because a web page that keeps trying must not bury the app's own lines.
   */
  #refuseSender(response: ServerResponse, message: string): void {
    const app = this.#served?.app;
    if (app !== undefined && !this.#hasRefusedSender) {
      app.writeLog({ level: 'warning', category: 'system', message: `A request was refused with 403. ${message}` });
      this.#hasRefusedSender = true;
    }
    response.writeHead(403, {
      'content-type': 'text/plain; charset=utf-8',
      'content-length': Buffer.byteLength(message) + 1,
      'cache-control': 'no-store',
      // The rest of the body isn't read, and a refused sender must not send another request.
      connection: 'close',
    });
    response.end(`${message}\n`);
  }

  #receive(request: IncomingMessage, rawHeaders: readonly string[]): ReceivedRequest | 400 | 414 | 431 {
    const { method = '', url = '' } = request;
    if (`${method} ${url} HTTP/1.1\r\n`.length > maximumRequestLineBytes) return 414;
    const headers = readRequestHeaders(rawHeaders);
    if (typeof headers === 'number') return headers;
    return receiveRequest(method, url, headers, `127.0.0.1:${this.port}`) ?? 400;
  }

  /**
   * Answers what Node's parser refuses, and logs it. Node itself would explain it neither to the client nor in the log.
   */
  #refuseUnreadable(code: string, socket: Socket): void {
    // The client left within its request, or the connection itself failed, so nobody can be answered.
    const isGone = code === 'HPE_INVALID_EOF_STATE' || !/^(?:HPE|ERR_HTTP)_/.test(code);
    if (isGone || !socket.writable || this.#answering.has(socket)) {
      socket.destroy();
      return;
    }
    const status = unreadableStatuses.get(code) ?? '400 Bad Request';
    const message = status.startsWith('400') ? `${malformedDetail} (${code})` : `The request was refused (${code}).`;
    this.#served?.app.writeLog({ level: 'warning', category: 'system', message: `${status}: ${message}` });
    const fields = `Content-Type: text/plain; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(message) + 1}`;
    socket.end(`HTTP/1.1 ${status}\r\n${fields}\r\nConnection: close\r\n\r\n${message}\n`);
  }

  #report(error: unknown): void {
    this.#served?.app.writeLog({ level: 'error', category: 'system', message: describeError(error) });
  }
}

/** Statuses that Node's own server would use. For any other parser error the status is 400. */
const unreadableStatuses: ReadonlyMap<string, string> = new Map([
  ['HPE_HEADER_OVERFLOW', '431 Request Header Fields Too Large'],
  ['HPE_CHUNK_EXTENSIONS_OVERFLOW', '413 Payload Too Large'],
  ['ERR_HTTP_REQUEST_TIMEOUT', '408 Request Timeout'],
]);

const malformedDetail =
  'The request is not well-formed HTTP, so no function got it. Does a header value have line breaks, as many tools write base64? X-ARR-ClientCert must be one line, as npx --no-install certgate certificate header <file> prints it.';

/**
 * The function for a request. The host's own addresses come first: even a catch-all route does not serve `/admin` and
 * `/runtime`.
 */
function findFunction(served: ServedApp, received: ReceivedRequest): RouteMatch | undefined {
  const { path } = received.target;
  if (/^\/+(?:admin|runtime)(?:\/|$)/i.test(path)) return undefined;
  const match = findRoute(served.routes, received.method, path);
  return match === undefined || isDisabled(match.route.functionName) ? undefined : match;
}

/**
 * The HSTS value for this request. Undefined unless the front end received it over HTTPS, for a host that is not
 * excluded.
 */
function findStrictTransportSecurity(
  settings: StrictTransportSecurity | undefined,
  headers: { readonly [name: string]: string | readonly string[] | undefined },
): string | undefined {
  if (settings === undefined || headers['x-forwarded-proto'] !== 'https') return undefined;
  const host = String(headers['host'] ?? '')
    .replace(/:\d+$/, '')
    .toLowerCase();
  return settings.excludedHosts.some((excluded) => excluded.toLowerCase() === host) ? undefined : settings.value;
}
