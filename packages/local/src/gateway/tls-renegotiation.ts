/**
 * Asks for the certificate after the request head, as App Service's front end does with exclusion paths and in the
 * optional-interactive mode. This is real TLS 1.2 renegotiation (RFC 5246 §7.4.1.1, RFC 5746), started by the server.
 * It works with curl, openssl s_client, Node, undici and Python. Clients that never renegotiate (Go by default) fail
 * here as they fail on Azure; if they answer with an alert, the connection breaks.
 *
 * Two traps of Node's TLS layer (measured on Node 20):
 * - `renegotiate` inside the parser's callback feeds later bytes to the parser while it is still in the head, and
 *   `secure` fires inside OpenSSL's handshake. So `setImmediate` leaves each of them first.
 * - A client offers its session again in the second handshake, and a resumed session carries no certificate. So
 *   resumption is off (tls-listener.ts).
 */
import type { IncomingMessage } from 'node:http';
import { setImmediate as leaveCallback } from 'node:timers/promises';
import type { ClientConnection } from './client-connection.js';
import { readBodyUpTo } from '../wire/request-body.js';
import { getFieldValues, type RawField } from '../wire/raw-fields.js';

/**
 * The most bytes of a body before the renegotiation. Azure documents "100 kb", which may mean 100,000 or 102,400; a
 * body within the smaller limit passes on Azure in both cases. The client's second handshake comes after the body, so
 * the front end must first take in the whole body.
 */
export const maxBodyBytesBeforeRenegotiation = 100_000;

export type RenegotiationResult =
  | { readonly outcome: 'completed'; readonly receivedBody: readonly Buffer[] }
  | { readonly outcome: 'request-body-too-large-for-renegotiation' | 'renegotiation-failed' };

/**
 * Asks once for each connection. Later requests on it have no limit of their size, which is why Azure recommends a HEAD
 * request before a large one. A client that waits for `100 Continue` has not sent its body yet, so its body has no
 * limit.
 *
 * @returns the outcome, with the whole body if it had to be read.
 */
export async function askForCertificateAfterRequestHead(
  connection: ClientConnection,
  request: IncomingMessage,
  fields: readonly RawField[],
  options: { readonly timeoutMilliseconds: number; readonly waitsForContinue: boolean },
): Promise<RenegotiationResult> {
  let receivedBody: readonly Buffer[] = [];
  if (connection.renegotiation === undefined) {
    if (!options.waitsForContinue) {
      const announced = Number(getFieldValues(fields, 'content-length')[0] ?? 0);
      const limit = maxBodyBytesBeforeRenegotiation;
      const body = announced > limit ? undefined : await readBodyUpTo(request, limit);
      if (body === undefined) return { outcome: 'request-body-too-large-for-renegotiation' };
      receivedBody = body;
    }
    connection.renegotiation = renegotiate(connection, options.timeoutMilliseconds);
  }
  const completed = await connection.renegotiation;
  return completed ? { outcome: 'completed', receivedBody } : { outcome: 'renegotiation-failed' };
}

/** Resolves to false if the client does not complete its second handshake, or if the connection has ended. */
async function renegotiate(connection: ClientConnection, timeoutMilliseconds: number): Promise<boolean> {
  const { socket } = connection;
  await leaveCallback();
  if (connection.hasEnded()) return false;
  const completed = await new Promise<boolean>((resolve) => {
    const timer = setTimeout(() => {
      resolve(false);
    }, timeoutMilliseconds);
    const finish = (result: boolean): void => {
      clearTimeout(timer);
      resolve(result);
    };
    socket.once('close', () => {
      finish(false);
    });
    connection.expectsRenegotiation = true;
    socket.renegotiate({ requestCert: true, rejectUnauthorized: false }, (error) => {
      finish(error === null);
    });
  });
  await leaveCallback();
  connection.expectsRenegotiation = false;
  if (!completed || connection.hasEnded()) return false;
  connection.takeCertificate();
  return true;
}
