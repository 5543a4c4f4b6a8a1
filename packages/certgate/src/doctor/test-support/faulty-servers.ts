import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import { createServer } from 'node:https';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions, type TLSSocket } from 'node:tls';
import type { DoctorStage, ServerKey } from './doctor-stage.js';

/** How a faulty server differs from a good one. */
export interface Behaviour {
  readonly serverKey?: ServerKey;
  /** Default: the server asks for a certificate, and accepts any. */
  readonly tls?: TlsOptions;
  /** Plays the front end: returns the values of the header that the app gets. */
  readonly forward?: (request: SeenRequest) => readonly string[];
  /** Plays the app: decides whether these values admit the caller. */
  readonly admits?: (values: readonly string[], request: SeenRequest) => boolean;
  /** Returns another answer than the usual one. Undefined for the usual answer. */
  readonly answer?: (request: SeenRequest, isAdmitted: boolean) => Reply | 'hang' | 'reset' | 'endless' | undefined;
  readonly isHttp2?: boolean;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  /** The fields as the client spelled them. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** The client certificate of the TLS connection, in base64. Undefined if the client showed none. */
  readonly peer: string | undefined;
  readonly tlsVersion: string;
  readonly httpVersion: string;
  readonly bodyLength: number;
  /** Whether it is the first request on its connection. */
  readonly isFirst: boolean;
  readonly connection: object;
  /** How many connections are open at this moment. */
  readonly openConnections: number;
  /** The server name that the client sent in the handshake. */
  readonly serverName: string | undefined;
}

export interface FaultyServer {
  readonly port: number;
  readonly seen: readonly SeenRequest[];
  readonly connections: () => number;
  /** Certificates that clients showed in handshakes, in base64. */
  readonly shown: ReadonlySet<string>;
  close(): Promise<void>;
}

export function valuesOf({ fields }: SeenRequest, pattern: RegExp = /^x-arr-clientcert$/i): readonly string[] {
  return fields.filter(([name]) => pattern.test(name)).map(([, value]) => value);
}

/**
 * Forwards as a good front end does: replaces what the client wrote in the header by the certificate of the connection.
 */
export function forwardStrictly({ peer }: SeenRequest): readonly string[] {
  return peer === undefined ? [] : [peer];
}

export async function startServer(stage: DoctorStage, behaviour: Behaviour): Promise<FaultyServer> {
  const seen: SeenRequest[] = [];
  const shown = new Set<string>();
  const open = new Set<Socket>();
  const listener = createListener(stage, behaviour, { seen, open });
  const options = {
    ...(behaviour.serverKey ?? stage.server),
    requestCert: true,
    rejectUnauthorized: false,
    ...behaviour.tls,
  };
  const server =
    behaviour.isHttp2 === true
      ? createSecureServer({ ...options, allowHTTP1: true }, listener as unknown as Http2Listener)
      : createServer(options, listener);
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  server.on('secureConnection', (socket: TLSSocket) => {
    const peer = readPeer(socket);
    if (peer !== undefined) shown.add(peer);
  });
  return { seen, shown, ...(await listen(server)) };
}

/** A server that reads the header section itself, and ignores white space around names. */
export async function startLenientServer(stage: DoctorStage): Promise<FaultyServer> {
  const server = createTlsServer({ ...stage.server, requestCert: true, rejectUnauthorized: false }, (socket) => {
    socket.on('error', () => undefined);
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      if (!text.includes('\r\n\r\n')) return;
      const [, ...lines] = text.split('\r\n\r\n', 1)[0]?.split('\r\n') ?? [];
      const exact = lines.filter((line) => !/^x-arr-clientcert:/i.test(line));
      const values = exact
        .filter((line) => /^\s*x-arr-clientcert\s*:/i.test(line))
        .map((line) => line.split(':')[1]?.trim());
      const value = readPeer(socket) ?? values[0];
      const isAdmitted = value === stage.allowed.der.toString('base64');
      socket.end(
        `HTTP/1.1 ${isAdmitted ? '200 OK' : '401 Unauthorized'}\r\nContent-Length: 0\r\nDate: ${new Date().toUTCString()}\r\n\r\n`,
      );
    });
  });
  return { seen: [], shown: new Set(), ...(await listen(server)) };
}

/** A server without TLS. */
export async function startPlainServer(
  reply: Reply | 'hang' = good,
): Promise<Pick<FaultyServer, 'port' | 'close'> & { readonly requests: readonly string[] }> {
  const requests: string[] = [];
  const server = createHttpServer((request, response) => {
    requests.push(request.rawHeaders.join(' '));
    if (reply !== 'hang') response.writeHead(reply.status, reply.headers).end(reply.body);
  });
  return { requests, ...(await listen(server)) };
}

/** A listener for Node's HTTP/2 compatibility API. It has the members that our listener uses. */
type Http2Listener = (request: Http2ServerRequest, response: Http2ServerResponse) => void;

function createListener(
  stage: DoctorStage,
  behaviour: Behaviour,
  { seen, open }: { readonly seen: SeenRequest[]; readonly open: ReadonlySet<Socket> },
): RequestListener {
  const allowed = stage.allowed.der.toString('base64');
  const forward = behaviour.forward ?? forwardStrictly;
  const admits = behaviour.admits ?? ((values) => values.length === 1 && values[0] === allowed);
  const used = new WeakSet<object>();
  return (incoming, response) => {
    const isFirst = !used.has(incoming.socket);
    used.add(incoming.socket);
    let bodyLength = 0;
    incoming.on('error', () => undefined);
    incoming.on('data', (chunk: Buffer) => (bodyLength += chunk.length));
    incoming.on('end', () => {
      const { socket } = incoming;
      // Over HTTP/2 the socket is a stand-in that has these methods too.
      const tlsSocket = socket as unknown as TlsMethods;
      const [path = '', query = ''] = (incoming.url ?? '').split('?');
      const fields = incoming.rawHeaders.flatMap((name, index) =>
        index % 2 === 0 ? [[name, incoming.rawHeaders[index + 1] ?? ''] as const] : [],
      );
      const { method = '', httpVersion } = incoming;
      const tlsVersion = tlsSocket.getProtocol() ?? '';
      const peer = readPeer(tlsSocket);
      const serverName =
        'servername' in socket && typeof socket.servername === 'string' ? socket.servername : undefined;
      const more = { isFirst, connection: socket, openConnections: open.size, serverName };
      const request = { method, path, query, fields, peer, tlsVersion, httpVersion, bodyLength, ...more };
      seen.push(request);
      const isAdmitted = admits(forward(request), request);
      const reply = behaviour.answer?.(request, isAdmitted) ?? (isAdmitted ? good : refusal);
      if (reply === 'hang') return;
      if (reply === 'reset') {
        socket.destroy();
        return;
      }
      if (reply === 'endless') {
        response.writeHead(isAdmitted ? 200 : 401);
        const chunk = Buffer.alloc(1_048_576, isAdmitted ? 'x' : 'y');
        // An answer to HEAD has no body, so the loop below would never end.
        if (request.method === 'HEAD') {
          response.end();
          return;
        }
        const write = (): void => {
          while (!response.destroyed && response.write(chunk));
        };
        response.on('error', () => undefined).on('drain', write);
        write();
        return;
      }
      response.writeHead(reply.status, reply.headers);
      response.end(reply.body);
    });
  };
}

const good: Reply = { status: 200, body: '{"orders":[]}' };
const refusal: Reply = { status: 401, body: '{"code":"client_certificate_required"}' };

type TlsMethods = Pick<TLSSocket, 'getPeerX509Certificate' | 'getProtocol'>;

function readPeer(socket: Pick<TLSSocket, 'getPeerX509Certificate'>): string | undefined {
  return socket.getPeerX509Certificate()?.raw.toString('base64');
}

async function listen(server: Server): Promise<Pick<FaultyServer, 'port' | 'connections' | 'close'>> {
  let connections = 0;
  const sockets = new Set<{ destroy(): void }>();
  server.on('connection', (socket) => {
    connections += 1;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
  });
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    close: async () => {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}
