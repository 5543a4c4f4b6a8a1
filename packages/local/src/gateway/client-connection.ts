import type { ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { GatewayAnswer } from './exchange/gateway-exchange.js';
import { findPeerCertificate, type PeerCertificate } from './peer-certificate.js';

/**
 * What the gateway knows of one TLS connection. The certificate is read once, at the end of the handshake or of the
 * renegotiation that asked for it, and belongs to this connection only; `socket.authorized` is never looked at.
 */
export class ClientConnection {
  readonly socket: TLSSocket;
  certificate: PeerCertificate | undefined;
  /** Answers that the client still waits for, oldest first. */
  readonly pendingResponses: Set<ServerResponse> = new Set();
  /** No further request is taken; those taken are answered, then the connection closes. */
  closing = false;
  /** The last answer of this connection is being written: nothing more is forwarded, taken or not. */
  ended = false;
  /** Set while the gateway itself waits for the client's second handshake. */
  expectsRenegotiation = false;
  /** The one renegotiation of this connection; resolves to false when the client didn't take part. */
  renegotiation: Promise<boolean> | undefined;
  /** Written past the parser, for a request that couldn't be read to its end. */
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
   * Requests of one connection are handled one after another, also when the client sends them ahead: the next one
   * runs when the answer before it is out, and not at all when that answer closed the connection.
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
