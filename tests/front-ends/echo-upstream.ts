import { once } from 'node:events';
import { createServer } from 'node:http';

/** A request as it arrived at the app behind a front end. */
export interface Arrival {
  readonly method: string;
  readonly url: string;
  /** Names and values in turn, as they came. */
  readonly rawHeaders: readonly string[];
  readonly rawTrailers: readonly string[];
  /** Distinguishes the front end's connections: the port that the connection comes from. */
  readonly connection: number;
}

export interface EchoUpstream {
  readonly port: number;
  stop(): Promise<void>;
}

/**
 * Starts a server that answers each request with what arrived, as JSON. It answers TRACE with three words, so that any
 * echo of the request comes from the proxy.
 */
export async function startEchoUpstream(): Promise<EchoUpstream> {
  const server = createServer((request, response) => {
    request.resume().once('end', () => {
      const { method = '', url = '', rawHeaders, rawTrailers, socket } = request;
      const arrival: Arrival = { method, url, rawHeaders, rawTrailers, connection: socket.remotePort ?? 0 };
      const body = method === 'TRACE' ? 'from the app' : JSON.stringify(arrival);
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
      response.end(body);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
