/**
 * Decides whether a request to the embedded host's own port comes from its gateway. Any process of this machine can
 * reach the port, and so can a web page whose name was made to point at 127.0.0.1 (DNS rebinding). They could put
 * anybody's certificate into `X-ARR-ClientCert`, because certificates are not secret. So, unless `unsafeDirectHeader`
 * is set, the host answers only requests with the token that it shares with its gateway.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { getFieldValues, pairRawHeaders } from '../../wire/raw-fields.js';
import type { HostAccess } from '../worker/host-protocol.js';

/** The field with the gateway's token. The host removes it before it makes the request for a function. */
export const frontEndTokenHeaderName = 'x-certgate-front-end-token';

export type RequestSender =
  /** The remaining fields, which the app gets, in the form of Node's `rawHeaders`. */
  | { readonly kind: 'accepted'; readonly rawHeaders: readonly string[] }
  | { readonly kind: 'refused'; readonly message: string };

/** A new token of 256 random bits. */
export function createFrontEndToken(): string {
  return randomBytes(32).toString('base64url');
}

/**
 * Checks each request separately. An earlier request with the token proves nothing about the next one on the same
 * connection.
 */
export function identifySender(rawHeaders: readonly string[], access: HostAccess): RequestSender {
  const fields = pairRawHeaders(rawHeaders);
  const tokens = getFieldValues(fields, frontEndTokenHeaderName);
  const [token, ...others] = tokens;
  if (token !== undefined) {
    if (others.length > 0 || !isSameSecret(token, access.frontEndToken)) return refuse(wrongToken);
    return {
      kind: 'accepted',
      rawHeaders: fields.filter(([name]) => name.toLowerCase() !== frontEndTokenHeaderName).flat(),
    };
  }
  if (!access.unsafeDirectHeader) return refuse(directRequest);
  const hosts = getFieldValues(fields, 'host');
  if (hosts.length !== 1 || !isLoopbackAuthority(hosts[0] ?? '')) return refuse(foreignHost);
  return { kind: 'accepted', rawHeaders };
}

const directRequest =
  'This is the port of the app itself, which answers the Certgate gateway only: any program that reaches it could claim to be any caller. ' +
  'Call the https:// address that "certgate dev" prints after "ready". ' +
  'To set X-ARR-ClientCert by hand, start it with "certgate dev --unsafe-direct-header".';
const wrongToken =
  'This request has a front-end token of another start. ' +
  'Call the https:// address that "certgate dev" prints after "ready", and do not send the token yourself.';
const foreignHost =
  'This port answers requests for localhost, 127.0.0.1 and [::1] only, and the Host field of this one names something else: ' +
  'a web page of another name could call the app otherwise. Call it as http://localhost and its port.';

function refuse(message: string): RequestSender {
  return { kind: 'refused', message };
}

/** Compares digests, which always have the same length, so that the time reveals nothing about the secret. */
function isSameSecret(given: string, expected: string): boolean {
  const [left, right] = [given, expected].map((text) => createHash('sha256').update(text).digest());
  return left !== undefined && right !== undefined && timingSafeEqual(left, right);
}

/** Only these names are accepted. Any other name may be an attacker's, which was made to point at this machine. */
function isLoopbackAuthority(host: string): boolean {
  return /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i.test(host);
}
