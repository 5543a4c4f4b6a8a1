import type { ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { GatewayAnswer } from './exchange/gateway-exchange.js';
import { findPeerCertificate, type PeerCertificate } from './peer-certificate.js';

/**
 * What the gateway knows about one TLS connection. The certificate is read once, at the end of the handshake or of the
 * renegotiation that asked for it, and belongs only to this connection. `socket.authorized` is never used.
 */
export class ClientConnection {
  readonly socket: TLSSocket;
  certificate: PeerCertificate | undefined;
  /** Responses that the client still waits for, oldest first. */
  readonly pendingResponses: Set<ServerResponse> = new Set();
  /** Set when the connection takes no further requests. It closes when the requests that it has taken are answered. */
  closing = false;
  /**
   * Set when the last answer of this connection is being written, or when it must end without one. From then on, no
   * request is forwarded.
   */
  ended = false;
  /** Set while the gateway itself waits for the client's second handshake. */
  expectsRenegotiation = false;
  /** The only renegotiation of this connection. Resolves to false if the client did not complete it. */
  renegotiation: Promise<boolean> | undefined;
  /**
   * The answer that was written to the socket directly, because the request could not be read to its end, or was a
   * CONNECT.
   */
  rawAnswer: GatewayAnswer | undefined;
  #lastTurn: Promise<void> = Promise.resolve();

  constructor(socket: TLSSocket) {
    this.socket = socket;
  }

  takesRequests(): boolean {
    return !this.closing && !this.ended && !this.socket.destroyed;
  }

  hasEnded(): boolean {
    return this.ended || this.socket.destroyed;
  }

  takeCertificate(): void {
    this.certificate ??= findPeerCertificate(this.socket);
  }

  /**
   * Waits until it is this request's turn. The requests of one connection are handled one after another, even if the
   * client sends them ahead. A request is not handled at all if an earlier answer closed the connection.
   */
  async waitForTurn(response: ServerResponse): Promise<void> {
    const before = this.#lastTurn;
    this.pendingResponses.add(response);
    this.#lastTurn = new Promise((resolve) => {
      response.once('close', () => {
        this.pendingResponses.delete(response);
        if (this.closing && this.pendingResponses.size === 0) this.socket.destroySoon();
        resolve();
      });
    });
    await before;
  }

  closeAfterPendingResponses(): void {
    this.closing = true;
    if (this.pendingResponses.size === 0) this.socket.destroySoon();
  }
}
