// inspector/: serves a page, on this machine only, that shows what the gate does and tries requests.

import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { escapeLines } from '../texts/safe-text.js';
import type { HostAnswer } from '#local/functions-host/functions-host.js';
import type { ExchangeListener } from '#local/gateway/gateway.js';
import { RefusedRequest, readJson, send, sendFault, sendJson } from './answers.js';
import { InspectorApi } from './api.js';
import type { InspectedSubject } from './inspected-app.js';
import { LiveEvents } from './live/live-events.js';
import { type PageFiles, builtPageFolder, readPageFiles } from './page-files.js';
import { checkHost, checkSender, hashToken } from './request-checks.js';

export interface InspectorOptions {
  readonly subject: InspectedSubject;
  /** The port on 127.0.0.1. Default: 0, for a free port. */
  readonly port?: number;
  /** Default: the built page of packages/inspector. */
  readonly pageFolder?: string;
}

export interface Inspector {
  /**
   * The address to open: `http://127.0.0.1:PORT/#token=…`. Browsers send the fragment to no server, nor in a referrer.
   * The address is numeric because browsers try [::1] first for `localhost`, where another user's program may listen on
   * the same port and take the token.
   */
  readonly url: string;
  readonly port: number;
  noteAnswer(answer: HostAnswer): void;
  readonly noteExchange: ExchangeListener;
  close(): Promise<void>;
}

/** Starts the page's server. Rejects if the port is taken. No request to it can change trust. */
export async function startInspector({ subject, port = 0, pageFolder }: InspectorOptions): Promise<Inspector> {
  const files = await readPageFiles(pageFolder ?? builtPageFolder);
  const token = randomBytes(32).toString('base64url');
  const server = new InspectorServer(subject, files, hashToken(token));
  await server.listen(port);
  return Object.freeze({
    url: `http://127.0.0.1:${server.port}/#token=${token}`,
    port: server.port,
    noteAnswer: (answer: HostAnswer) => {
      server.events.noteAnswer(answer);
    },
    noteExchange: (...exchange: Parameters<ExchangeListener>) => {
      server.events.noteExchange(...exchange);
    },
    close: () => server.close(),
  });
}

const requestTimeoutMilliseconds = 30_000;
const maximumConnections = 100;

class InspectorServer {
  readonly events: LiveEvents = new LiveEvents();
  readonly #api: InspectorApi;
  readonly #files: PageFiles;
  readonly #tokenHash: Buffer;
  readonly #server = createServer(
    { requestTimeout: requestTimeoutMilliseconds, headersTimeout: 10_000, requireHostHeader: false },
    (request, response) => {
      this.#answer(request, response).catch((error: unknown) => this.#refuse(request, response, error));
    },
  );

  constructor(subject: InspectedSubject, files: PageFiles, tokenHash: Buffer) {
    this.#api = new InspectorApi(subject, this.events);
    this.#files = files;
    this.#tokenHash = tokenHash;
    this.#server.maxConnections = maximumConnections;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject).listen(port, '127.0.0.1', () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A page that is closed is not a fault of the tool.
    request.on('error', () => undefined);
    response.on('error', () => undefined);
    checkHost(request, this.port);
    const { method = '', url = '' } = request;
    if (method !== 'GET' && method !== 'POST') throw new RefusedRequest(400, 'Only GET and POST are answered.');
    const [path = '', query = ''] = url.split('?', 2);
    if (path.startsWith('/api/')) await this.#answerApi(path, query, request, response);
    else if (method === 'GET') this.#sendFile(path, response);
    else throw notFound;
  }

  async #answerApi(path: string, query: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    checkSender(request, this.#tokenHash);
    if (request.method === 'GET') {
      const answer = this.#api.get(path, query);
      if (answer === undefined) throw notFound;
      sendJson(response, 200, await answer);
      return;
    }
    const work = this.#api.post(path);
    if (work === undefined) throw notFound;
    sendJson(response, 200, await work(await readJson(request)));
  }

  #sendFile(path: string, response: ServerResponse): void {
    const file = this.#files.get(path);
    if (file !== undefined) send(response, 200, file.contentType, file.bytes);
    else if (this.#files.size === 0) throw new RefusedRequest(404, 'The page is not built. In a clone: npm run build');
    else throw notFound;
  }

  async #refuse(request: IncomingMessage, response: ServerResponse, error: unknown): Promise<void> {
    // An answer can no longer be sent: it has begun, or the page went away within its request.
    if (response.headersSent || (request.destroyed && !request.complete)) {
      response.destroy();
      return;
    }
    if (error instanceof RefusedRequest) {
      await sendFault(request, response, error.status, error.message);
      return;
    }
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.emitWarning(`Inspector: ${escapeLines(text)}`);
    await sendFault(request, response, 500, 'The tool itself failed; what happened is in its output.');
  }
}

const notFound = new RefusedRequest(404, 'There is nothing at this address.');
