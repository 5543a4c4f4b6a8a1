import type { TLSSocket } from 'node:tls';
import {
  exchangeHttp,
  formatRequestHead,
  openTls,
  readTlsFacts,
  settle,
  type TlsVersion,
  type WireAnswer,
  type WireRequest,
} from './wire-request.js';

/** The course of a handshake, and the answer to the request after it. */
export interface HandshakeAnswer {
  readonly answer: WireAnswer;
  /** Whether the server asked for a certificate in this full handshake, not only afterwards in a renegotiation. */
  readonly isRequested: boolean;
  /**
   * Whether the handshake was complete on the client's side. In TLS 1.3, the server checks the client's signature only
   * then.
   */
  readonly isComplete: boolean;
}

/**
 * How long to wait for an alert after a TLS 1.3 handshake. A server that refuses the client usually sends it at once.
 */
const alertMilliseconds = 1000;

/**
 * Like `sendWireRequest`, but in TLS 1.3 it waits before the request until the server has had time to refuse the
 * client's signature.
 */
export async function sendAfterHandshake(
  request: WireRequest & { readonly tlsVersion: TlsVersion },
): Promise<HandshakeAnswer> {
  const head = formatRequestHead(request);
  const socket = openTls(request);
  let isRequested = false;
  let isComplete = false;
  const note = (): void => {
    isRequested = readTlsFacts(socket)?.requestsCertificate === true;
  };
  socket.once('secureConnect', () => {
    isComplete = true;
    note();
  });
  socket.once('error', () => {
    // A request for a certificate after the handshake does not matter here.
    if (!isComplete) note();
  });
  // Listens from the start, because a session ticket may arrive together with the server's last handshake message.
  const accepted = new Promise<void>((resolve) => socket.once('session', () => setImmediate(resolve)));
  const answer = await settle<WireAnswer>(socket, request.timeoutMilliseconds, async () => {
    if (request.tlsVersion === 'TLSv1.3') await waitForAlert(socket, accepted);
    return exchangeHttp(socket, head, request);
  });
  return { answer, isRequested, isComplete };
}

/**
 * Rejects with the server's alert. Resolves early if a session ticket comes, because a server that sends one has
 * usually accepted the client.
 */
async function waitForAlert(socket: TLSSocket, accepted: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve, reject) => {
    timer = setTimeout(resolve, alertMilliseconds);
    socket.once('error', reject).once('close', resolve);
  });
  try {
    await Promise.race([accepted, over]);
  } finally {
    clearTimeout(timer);
  }
}
