import { EventEmitter } from 'node:events';
import { type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

/** Sends one proxied request with these headers. Resolves once it has arrived, and leaves it open. */
export type Proxy = (headers: Record<string, string> | [string, string][]) => Promise<ServerResponse>;

/** Starts a server in place of the library's own, to which the host proxies requests under HTTP streaming. */
export async function startProxyTarget(context: TestContext): Promise<Proxy> {
  // The gates of all tests of this process watch its responses.
  EventEmitter.defaultMaxListeners = 1000;
  const responses: ServerResponse[] = [];
  const server = createServer((_request, response) => responses.push(response)).listen(0, '127.0.0.1');
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  return async (headers) => {
    const before = responses.length;
    fetch(`http://127.0.0.1:${port}/`, { headers }).catch(() => undefined);
    let latest: ServerResponse | undefined;
    while (latest === undefined) {
      await new Promise((resolve) => setImmediate(resolve));
      latest = responses[before];
    }
    return latest;
  };
}
