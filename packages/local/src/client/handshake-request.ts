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

/** How a handshake went, and what the request after it got. */
export interface HandshakeAnswer {
  readonly answer: WireAnswer;
  /** Whether the server asked for a certificate in this full handshake, and not afterwards (in a renegotiation). */
  readonly isRequested: boolean;
  /** On this side. In TLS 1.3 the server checks what the client sent only then. */
  readonly isComplete: boolean;
}

/** A server that refuses the client's part in TLS 1.3 says so at once. */
const alertMilliseconds = 1000;

/** As `sendWireRequest`, but the request is sent only when the server had the time to refuse what the client signed. */
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
    // What was asked for after the handshake does not count.
    if (!isComplete) note();
  });
  // From the start, since a ticket may come with the server's last word.
  const accepted = new Promise<void>((resolve) => socket.once('session', () => setImmediate(resolve)));
  const answer = await settle<WireAnswer>(socket, request.timeoutMilliseconds, async () => {
    if (request.tlsVersion === 'TLSv1.3') await waitForAlert(socket, accepted);
    return exchangeHttp(socket, head, request);
  });
  return { answer, isRequested, isComplete };
}

/** Rejects with the alert. A session ticket shows that none will come. */
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
