// gateway/: a front end, locally (App Service's, unless another is named): TLS, client certificates, the certificate header.
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
// It plays the part of App Service's front end: it terminates TLS and forwards requests with the certificate header. Known
// differences from Azure: no HTTP/2, no compression, one app, no plain-HTTP port that redirects. In `optional-interactive`
// it asks every client except browsers; Azure's exact rule is not documented. Of any other front end only the header fields are
// played, as its configuration for an app that decides alone makes them; the refusals above are then the gateway's own.

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
  /** `https://127.0.0.1:PORT`, without a trailing slash. */
  readonly url: string;
  readonly port: number;
  /** Ends every connection at once; resolves when the port is free. May be called again. */
  close(): Promise<void>;
}

/**
 * @throws (rejects) TypeError for options that can't be meant; the system's error when the port is taken; Error when
 * the host turned out not to be this machine alone.
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
      // A fault of our own: nothing more is said to the client, nothing more is heard.
      process.emitWarning(`Gateway: a request could not be handled, its connection was closed. ${String(error)}`);
      connection.ended = true;
      request.socket.destroy();
    });
  };
  // Without a listener for `upgrade`, Node hands on such a request like any other: request-refusals.ts answers it with 501.
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
  // Plain HTTP, other protocols, refused handshakes.
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
