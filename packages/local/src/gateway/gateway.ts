// gateway/: a front end on this machine (App Service's by default) with TLS, client certificates and their header.
//
//   TLS handshake                client certificate requested; no resumption, no HTTP/2
//     │ unreadable-requests      not HTTP, too large, too slow, CONNECT                400 408 431 501
//     │ request-refusals         what two servers might read differently               400 417 431 501 505
//     │ client-certificate-mode  required, optional or excluded
//     │ tls-renegotiation        requested only after the request head                 403
//     │ handle-request           required and absent                                   403
//     │ landing-page             a browser's GET /                                     200
//     │ upstream-request-headers removes what clients must not send; the front end's fields (front-ends/)
//     ▼ forward-request          no answer, or a malformed one, from the app           502 504
//   the app's answer, streamed
//
// It plays App Service's front end: it terminates TLS, and forwards requests with the certificate header. Known
// differences from Azure: no HTTP/2, no compression, one app, no plain-HTTP port that redirects. In
// `optional-interactive` it asks every client except browsers; Azure's exact rule is not documented. For any other
// front end, it plays only the header fields, as that front end is configured for an app that decides alone. The
// refusals above are then the gateway's own.

import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerUnreadableRequests } from './unreadable-requests.js';
import { reportExchange } from './exchange-report.js';
import { isLoopbackHost } from './gateway-addresses.js';
import { resolveGatewayOptions, type GatewayOptions, type GatewaySettings } from './gateway-options.js';
import { handleRequest } from './handle-request.js';
import { createTlsListener, summarizeServerCertificate, type TlsListener } from './tls-listener.js';

export type { GatewayLimits, GatewayOptions } from './gateway-options.js';
export type { ClientCertificateMode } from './client-certificate-mode.js';
export type { ExchangeListener, GatewayAnswer, GatewayExchange } from './exchange/gateway-exchange.js';

export interface Gateway {
  /** The address, for example `https://127.0.0.1:8443`, without a trailing slash. */
  readonly url: string;
  readonly port: number;
  /** Ends every connection at once, and resolves when the port is free. It may be called more than once. */
  close(): Promise<void>;
}

/**
 * @throws (rejects) TypeError if an option is not valid; the system's error if the port is taken; Error if the host's
 * address can be reached from other machines.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const settings = resolveGatewayOptions(options);
  const listener = createTlsListener(settings);
  serveRequests(listener, settings);
  await once(listener.server.listen(settings.port, settings.host), 'listening');
  const { address, family, port } = listener.server.address() as AddressInfo;
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => (closed ??= closeListener(listener));
  if (!settings.unsafeListen && !isLoopbackHost(address)) {
    await close();
    throw new Error(`Gateway: host "${settings.host}" led to ${address}, which is not only this machine.`);
  }
  return Object.freeze({ url: `https://${family === 'IPv6' ? `[${address}]` : address}:${port}`, port, close });
}

function serveRequests(listener: TlsListener, settings: GatewaySettings): void {
  const serverCertificateSummary = summarizeServerCertificate(settings.serverCertificate.certificatePem);
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    const connection = listener.findConnection(request.socket);
    if (connection === undefined) {
      request.socket.destroy();
      return;
    }
    handleRequest({ settings, connection, request, response, serverCertificateSummary }).catch((error: unknown) => {
      // The gateway itself failed. It sends nothing more to the client, and reads nothing more.
      process.emitWarning(`Gateway: a request could not be handled, its connection was closed. ${String(error)}`);
      connection.ended = true;
      request.socket.destroy();
    });
  };
  // Without a listener for `upgrade`, Node treats such a request like any other, and request-refusals.ts answers it
  // with 501.
  listener.server.on('request', serve).on('checkContinue', serve).on('checkExpectation', serve);
  answerUnreadableRequests(listener.server, {
    findConnection: (socket) => listener.findConnection(socket),
    onAnswer: (connection, answer, request) => {
      const observed = {
        method: request?.method ?? '-',
        target: request?.url ?? '-',
        connection,
        startedAt: performance.now(),
      };
      reportExchange(settings.onExchange, observed, { answeredBy: 'gateway', answer });
    },
  });
  // Emitted for plain HTTP, other protocols and refused handshakes.
  listener.server.on('tlsClientError', (_error, socket) => {
    socket.destroy();
  });
}

async function closeListener({ server, destroyConnections }: TlsListener): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  destroyConnections();
  await closed;
}
