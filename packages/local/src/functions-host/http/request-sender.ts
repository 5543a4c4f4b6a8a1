/**
 * Who sent a request to the embedded host's own port. Any process of this machine can reach it, and so can a web page
 * whose name was made to lead to 127.0.0.1 (DNS rebinding); whoever does could put a certificate of others into
 * `X-ARR-ClientCert`, and certificates are no secret. So the host answers only what carries the secret that it shares
 * with the gateway in front of it.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { getFieldValues, pairRawHeaders } from '../../wire/raw-fields.js';
import type { HostAccess } from '../worker/host-protocol.js';

/** The gateway's field. Apps never see it: it is taken off before anything else reads the request. */
export const frontEndTokenHeaderName = 'x-certgate-front-end-token';

export type RequestSender =
  /** The fields that are left for the app, as Node's `rawHeaders` has them. */
  | { readonly kind: 'accepted'; readonly rawHeaders: readonly string[] }
  | { readonly kind: 'refused'; readonly message: string };

/** 256 random bits. */
export function createFrontEndToken(): string {
  return randomBytes(32).toString('base64url');
}

/** Judges every request anew: a connection that carried the token once proves nothing about the next request on it. */
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

/** Over digests, which have one length whatever was sent, so that the time tells nothing of the secret. */
function isSameSecret(given: string, expected: string): boolean {
  const [left, right] = [given, expected].map((text) => createHash('sha256').update(text).digest());
  return left !== undefined && right !== undefined && timingSafeEqual(left, right);
}

/** No other name that leads to this machine: a name that somebody else's DNS answers for may lead here too. */
function isLoopbackAuthority(host: string): boolean {
  return /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i.test(host);
}
