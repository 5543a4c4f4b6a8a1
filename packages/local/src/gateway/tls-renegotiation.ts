/**
 * Asking for the certificate after the request head, as the App Service front end does for exclusion paths and the
 * optional-interactive mode: real TLS 1.2 renegotiation (RFC 5246 §7.4.1.1, RFC 5746), started by the server.
 * Seen to work with curl, openssl s_client, Node, undici and Python; clients that never renegotiate (Go by default)
 * fail here as they fail on Azure, those that answer with an alert by a broken connection.
 *
 * Two traps of Node's TLS layer (measured on Node 20):
 * - `renegotiate` inside the parser's callback feeds later bytes to the parser while it is still in the head, and
 *   `secure` fires inside OpenSSL's handshake: each is left by `setImmediate` first.
 * - A client offers its session again in the second handshake; a resumed session carries no certificate. So
 *   resumption is off (tls-listener.ts).
 */
import type { IncomingMessage } from 'node:http';
import { setImmediate as leaveCallback } from 'node:timers/promises';
import type { ClientConnection } from './client-connection.js';
import { readBodyUpTo } from '../wire/request-body.js';
import { getFieldValues, type RawField } from '../wire/raw-fields.js';

/**
 * Azure documents "100 kb". This is the smaller reading (not 102,400), so that what passes here passes there in both.
 * The second handshake comes behind the body on the wire, so the front end must take in the whole body before it.
 */
export const maxBodyBytesBeforeRenegotiation = 100_000;

export type RenegotiationResult =
  | { readonly outcome: 'completed'; readonly receivedBody: readonly Buffer[] }
  | { readonly outcome: 'request-body-too-large-for-renegotiation' | 'renegotiation-failed' };

/**
 * Asks once per connection: later requests of it, of any size, go on at once, which is why Azure recommends a HEAD
 * request before a large one. A client that waits for `100 Continue` has sent no body yet, hence no limit for it.
 * @returns the whole body where it had to be read.
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

/** Resolves to false when the client didn't finish its second handshake. Never rejects. */
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
