import { constants, X509Certificate } from 'node:crypto';
import { createServer, type Server } from 'node:https';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { ClientConnection } from './client-connection.js';
import { getCertificateRequestTime } from './client-certificate-mode.js';
import type { GatewaySettings } from './gateway-options.js';
import { toOneLine } from './peer-certificate.js';

export interface TlsListener {
  readonly server: Server;
  /** Undefined if the connection must not be served. */
  findConnection(socket: Socket): ClientConnection | undefined;
  /** Ends every connection, including those within their handshake. */
  readonly destroyConnections: () => void;
}

/**
 * TLS as App Service's front end uses it, and other front ends that leave the decision to the app. It checks that the
 * client has its certificate's key, but does not judge the certificate, and names no acceptable issuers.
 * `rejectUnauthorized: false` is needed for that, because the app decides.
 */
export function createTlsListener(settings: GatewaySettings): TlsListener {
  const { limits } = settings;
  const time = getCertificateRequestTime(settings.mode, settings.exclusionPaths);
  const server = createServer({
    cert: settings.serverCertificate.certificatePem,
    key: settings.serverCertificate.privateKeyPem,
    requestCert: time === 'in-handshake',
    rejectUnauthorized: false,
    minVersion: 'TLSv1.2',
    maxVersion: time === 'after-request-head' ? 'TLSv1.2' : 'TLSv1.3',
    secureOptions: getSecureOptions(time === 'after-request-head'),
    ALPNProtocols: ['http/1.1'],
    handshakeTimeout: limits.handshakeTimeoutMilliseconds,
    headersTimeout: limits.headersTimeoutMilliseconds,
    requestTimeout: limits.requestTimeoutMilliseconds,
    keepAliveTimeout: limits.idleTimeoutMilliseconds,
    connectionsCheckingInterval: Math.min(1000, limits.headersTimeoutMilliseconds),
    maxHeaderSize: limits.maxHeaderBytes,
    insecureHTTPParser: false,
    // request-refusals.ts checks the `Host` field and answers, and it counts the fields too.
    requireHostHeader: false,
  });
  server.maxHeadersCount = 0;
  server.maxConnections = limits.maxConnections;

  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });

  const connections = new WeakMap<Socket, ClientConnection>();
  // Runs before Node's own listener, which starts to read requests.
  server.prependListener('secureConnection', (socket: TLSSocket) => {
    // A second safeguard. Resumption is off, because a resumed session would carry an earlier certificate or none.
    if (socket.isSessionReused()) {
      socket.destroy();
      return;
    }
    const connection = new ClientConnection(socket);
    if (time === 'in-handshake') connection.takeCertificate();
    watchForRenegotiation(connection);
    connections.set(socket, connection);
  });
  return {
    server,
    findConnection: (socket) => connections.get(socket),
    destroyConnections: () => {
      server.closeAllConnections();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/**
 * Without tickets, and without a session store in Node, no session can be resumed later. A client may also offer its
 * current session in a renegotiation. SSL_OP_NO_SESSION_RESUMPTION_ON_RENEGOTIATION prevents this from becoming a
 * resumption, which would carry no certificate.
 */
function getSecureOptions(renegotiates: boolean): number {
  const common = constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_SESSION_RESUMPTION_ON_RENEGOTIATION;
  return renegotiates ? common : common | constants.SSL_OP_NO_RENEGOTIATION;
}

/**
 * Ends a connection on which the client starts a handshake that the gateway did not ask for. Such a handshake could
 * change the certificate while a request is handled.
 */
function watchForRenegotiation(connection: ClientConnection): void {
  connection.socket.on('secure', () => {
    if (connection.expectsRenegotiation) return;
    connection.ended = true;
    // `secure` fires within OpenSSL's handshake, where the connection can't be freed yet.
    setImmediate(() => connection.socket.destroy());
  });
}

/** The value of `X-ARR-SSL` as observed on Azure: key bits, secret key bits, issuer, subject. */
export function summarizeServerCertificate(certificatePem: string): string {
  const certificate = new X509Certificate(certificatePem);
  const details = certificate.publicKey.asymmetricKeyDetails;
  const keyBits = details?.modulusLength ?? Number(/\d{3}/.exec(details?.namedCurve ?? '')?.[0] ?? 256);
  const names = [toOneLine(certificate.issuer), toOneLine(certificate.subject)];
  return [keyBits, 256, ...names.map((name) => name.replace(/[^\x20-\x7e]|\|/g, '?'))].join('|');
}
