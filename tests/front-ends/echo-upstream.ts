import { once } from 'node:events';
import { createServer } from 'node:http';

/** What arrived at the app behind a front end. */
export interface Arrival {
  readonly method: string;
  readonly url: string;
  /** Names and values in turn, as they came. */
  readonly rawHeaders: readonly string[];
  readonly rawTrailers: readonly string[];
  /** Tells one connection of the front end from another. */
  readonly connection: number;
}

export interface EchoUpstream {
  readonly port: number;
  stop(): Promise<void>;
}

/** Answers each request with what arrived, as JSON; but TRACE in three words, so that what comes back is the proxy's own. */
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
