import { type IncomingMessage, type ServerResponse, createServer, request as httpRequest } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';

/** Something that goes wrong between the app and the storage. It handles the whole exchange. */
export type StorageFault = (exchange: ProxiedExchange) => void | Promise<void>;

export interface ProxiedExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Asks the storage, and passes on its answer. */
  readonly forward: () => Promise<void>;
  /** Asks the storage, and returns its answer, so that the fault can damage it. */
  readonly ask: () => Promise<IncomingMessage>;
}

export interface StorageProxy {
  readonly endpoint: string;
  /** The status of each answer, in order. `cut` if the connection ended before the answer was complete. */
  readonly answers: readonly (number | 'cut')[];
  /** The number of bytes sent to clients until now, including headers. */
  readonly bytesSent: number;
  fault: StorageFault | undefined;
  close(): Promise<void>;
}

/** Starts a proxy between the SDK and Azurite, over real sockets. `fault`, if set, handles each exchange. */
export async function startStorageProxy(target: string): Promise<StorageProxy> {
  const { port, pathname } = new URL(target);
  const answers: (number | 'cut')[] = [];
  const sockets = new Set<Socket>();
  let bytesOfClosed = 0;
  let fault: StorageFault | undefined;

  const server = createServer((request, response) => {
    response.once('close', () => {
      answers.push(response.writableFinished ? response.statusCode : 'cut');
    });
    const exchange = createExchange(request, response, Number(port));
    Promise.resolve(fault === undefined ? exchange.forward() : fault(exchange)).catch(() => {
      // The storage is down, or the client gave up. A client sees a closed connection in both cases.
      response.destroy();
    });
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => {
      sockets.delete(socket);
      bytesOfClosed += socket.bytesWritten;
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  server.unref();
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}${pathname}`,
    answers,
    get bytesSent() {
      return [...sockets].reduce((sum, socket) => sum + socket.bytesWritten, bytesOfClosed);
    },
    get fault() {
      return fault;
    },
    set fault(value) {
      fault = value;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function createExchange(request: IncomingMessage, response: ServerResponse, port: number): ProxiedExchange {
  const ask = (): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const { url, method, headers } = request;
      const outgoing = httpRequest({ host: '127.0.0.1', port, path: url, method, headers, agent: false }, resolve);
      outgoing.once('error', reject);
      response.once('close', () => outgoing.destroy());
      request.pipe(outgoing);
    });
  return {
    request,
    response,
    ask,
    forward: async () => {
      const answer = await ask();
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      await pipeline(answer, response);
    },
  };
}

/** Answers after a delay. */
export function beSlow(milliseconds: number): StorageFault {
  return async ({ response, forward }) => {
    const gone = new AbortController();
    response.once('close', () => {
      gone.abort();
    });
    await delay(milliseconds, undefined, { signal: gone.signal, ref: false });
    await forward();
  };
}

/** Answers with this status and code, without asking the storage. */
export function answerStatus(status: number, code: string): StorageFault {
  return ({ response }) => {
    const body = `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>As told.</Message></Error>`;
    response.writeHead(status, { 'x-ms-error-code': code, 'content-type': 'application/xml' }).end(body);
  };
}

/** Passes on the headers and half of the body. Then the connection ends normally or is reset. */
export function cutBody(how: 'end' | 'reset'): StorageFault {
  return async ({ response, ask }) => {
    const answer = await ask();
    const body = await collectBody(answer);
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    response.write(body.subarray(0, Math.floor(body.length / 2)), () => {
      if (how === 'end') response.socket?.end();
      else response.socket?.resetAndDestroy();
    });
  };
}

/** Sends a body that never ends. `claimedLength` is its Content-Length; if undefined, the body is chunked. */
export function sendEndlessly(claimedLength: number | undefined): StorageFault {
  return async ({ response, ask }) => {
    const answer = await ask();
    await collectBody(answer);
    const headers = { ...answer.headers };
    delete headers['content-length'];
    if (claimedLength !== undefined) headers['content-length'] = String(claimedLength);
    response.writeHead(200, headers);
    const spaces = Buffer.alloc(1024 * 1024, ' ');
    while (!response.closed) {
      await new Promise<void>((resolve) => {
        response.once('close', resolve);
        response.write(spaces, () => {
          response.off('close', resolve);
          resolve();
        });
      });
    }
  };
}

async function collectBody(answer: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
