import { exchangeHttp, formatRequestHead, openTls, settle, type WireAnswer, type WireRequest } from './wire-request.js';

/**
 * Sends requests over TLS at the same time: each is written when all connections are open or have failed. Otherwise
 * like `sendWireRequest`.
 */
export function sendParallelRequests(requests: readonly WireRequest[]): Promise<readonly WireAnswer[]> {
  const calls = requests.map((request) => ({ request, head: formatRequestHead(request), socket: openTls(request) }));
  const areReady = Promise.all(
    calls.map(
      ({ socket }) =>
        new Promise<void>((resolve) => {
          socket.once('secureConnect', resolve).once('close', () => {
            resolve();
          });
        }),
    ),
  );
  return Promise.all(
    calls.map(({ request, head, socket }) =>
      settle<WireAnswer>(socket, request.timeoutMilliseconds, async () => {
        await areReady;
        return exchangeHttp(socket, head, request);
      }),
    ),
  );
}
