import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { RefusedRequest } from './answers.js';

/** The header in which the page sends the token of its start. */
export const tokenHeaderName = 'x-certgate-inspector';

/**
 * Checks every request, also for the page's own files. In an attack by DNS rebinding, `Host` contains the attacker's
 * name, which was made to point at this machine.
 *
 * @throws {RefusedRequest} 403.
 */
export function checkHost({ rawHeaders, headers }: IncomingMessage, port: number): void {
  const count = rawHeaders.filter((text, index) => index % 2 === 0 && text.toLowerCase() === 'host').length;
  if (count === 1 && listHosts(port).includes(headers.host ?? '')) return;
  throw new RefusedRequest(
    403,
    `This page is served at http://127.0.0.1:${port} only, and the request names another host.`,
  );
}

/**
 * Checks requests to the API. Other pages in the same browser may send requests here, but can't read the token.
 *
 * @throws {RefusedRequest} 403 or 401.
 */
export function checkSender(request: IncomingMessage, tokenHash: Buffer): void {
  const { headers } = request;
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') {
    throw new RefusedRequest(403, 'Requests of other pages are not answered.');
  }
  // `checkHost` has already made sure that `Host` is one of this server's own names.
  if (headers.origin !== undefined && headers.origin !== `http://${headers.host ?? ''}`) {
    throw new RefusedRequest(403, 'Requests of other pages are not answered.');
  }
  const token = headers[tokenHeaderName];
  if (typeof token !== 'string' || token === '') throw new RefusedRequest(401, `The token is missing. ${openAgain}`);
  // Hashes have the same length whatever was sent, which `timingSafeEqual` needs.
  if (!timingSafeEqual(hashToken(token), tokenHash)) {
    throw new RefusedRequest(401, `The token is from another start. ${openAgain}`);
  }
}

const openAgain = 'Open the link that certgate printed at its latest start: it has a new token each time.';

export function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

function listHosts(port: number): readonly string[] {
  const names = ['127.0.0.1', 'localhost'];
  // Browsers leave out port 80, the default of http.
  return [...names.map((name) => `${name}:${port}`), ...(port === 80 ? names : [])];
}
