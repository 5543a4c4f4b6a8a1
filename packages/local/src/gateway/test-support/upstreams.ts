import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer, type Socket } from 'node:net';

async function listen(server: Server | TcpServer): Promise<URL> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
}

/** An app on Node's own server, which records the requests that it gets, unless the test answers them itself. */
export class HttpUpstream {
  readonly seen: SeenRequest[] = [];
  readonly #server: Server;
  #url: URL = new URL('http://127.0.0.1');

  private constructor(listener: RequestListener | undefined) {
    this.#server = createHttpServer(listener ?? this.#answer.bind(this));
  }

  static async start(
    listener?: RequestListener,
    options: { checkContinue?: RequestListener } = {},
  ): Promise<HttpUpstream> {
    const upstream = new HttpUpstream(listener);
    if (options.checkContinue) upstream.#server.on('checkContinue', options.checkContinue);
    upstream.#url = await listen(upstream.#server);
    return upstream;
  }

  get url(): URL {
    return this.#url;
  }

  #answer(request: IncomingMessage, response: Parameters<RequestListener>[1]): void {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      this.seen.push({ method: request.method ?? '', url: request.url ?? '', rawHeaders: request.rawHeaders, body });
      response.end(`answer ${this.seen.length}`);
    });
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close').catch(() => undefined);
  }
}

/**
 * A server that records the bytes of every connection, and answers the first complete request of each with the same
 * bytes.
 */
export class RawUpstream {
  #connections: { text: string }[] = [];
  readonly #server: TcpServer;
  readonly #sockets = new Set<Socket>();
  #url: URL = new URL('http://127.0.0.1');

  private constructor(answer: string, options: { closeAfterAnswer: boolean }) {
    this.#server = createTcpServer((socket) => {
      const connection = { text: '' };
      this.#connections.push(connection);
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('data', (chunk: Buffer) => {
        const wasWhole = isWholeRequest(connection.text);
        connection.text += chunk.toString('latin1');
        if (wasWhole || !isWholeRequest(connection.text)) return;
        socket.write(Buffer.from(answer, 'latin1'));
        if (options.closeAfterAnswer) socket.end();
      });
    });
  }

  /** The received bytes as text, one for each connection, in the order of their arrival. */
  get received(): string[] {
    return this.#connections.map(({ text }) => text);
  }

  get openConnections(): number {
    return this.#sockets.size;
  }

  forget(): void {
    this.#connections = [];
  }

  static async start(
    answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
    options: { closeAfterAnswer: boolean } = { closeAfterAnswer: false },
  ): Promise<RawUpstream> {
    const upstream = new RawUpstream(answer, options);
    upstream.#url = await listen(upstream.#server);
    return upstream;
  }

  get url(): URL {
    return this.#url;
  }

  async close(): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, 'close').catch(() => undefined);
  }
}

function isWholeRequest(text: string): boolean {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd === -1) return false;
  const head = text.slice(0, headEnd);
  const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
  if (/^transfer-encoding:/im.test(head)) return text.endsWith('0\r\n\r\n');
  return text.length - headEnd - 4 >= length;
}

export function getValues(rawHeaders: readonly string[], lowerCaseName: string): string[] {
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === lowerCaseName);
}
