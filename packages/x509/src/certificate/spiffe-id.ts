import { aText, expectArgument } from '../encoding/own-members.js';

/** A SPIFFE ID in its parts: `spiffe://` trust domain, then a path that begins with `/`. */
export interface SpiffeId {
  readonly trustDomain: string;
  readonly path: string;
}

const maximumIdLength = 2048;
const scheme = 'spiffe://';

/**
 * Reads the ID of a workload (SPIFFE-ID §2): lower-case trust domain, a path of segments that are neither empty nor `.`
 * nor `..`, no port, user, query, fragment or percent encoding, and at most 2048 characters. Undefined for anything
 * else, also for a trust domain's own ID, which has no path and no workload may bear (X509-SVID §3.1).
 */
export function findSpiffeId(text: string): SpiffeId | undefined {
  expectArgument(text, aText, 'The text of findSpiffeId');
  if (text.length > maximumIdLength || !text.startsWith(scheme)) return undefined;
  const slash = text.indexOf('/', scheme.length);
  if (slash === -1) return undefined;
  const [trustDomain, path] = [text.slice(scheme.length, slash), text.slice(slash)];
  const isPath = path.slice(1).split('/').every(isSegment);
  return isTrustDomain(trustDomain) && isPath ? { trustDomain, path } : undefined;
}

/** Whether a URI means to be a SPIFFE ID, well-formed or not. The letter case of a scheme doesn't matter. */
export function hasSpiffeScheme(text: string): boolean {
  return /^spiffe:/i.test(text);
}

/** SPIFFE-ID §2.1. */
export function isTrustDomain(text: string): boolean {
  return /^[a-z0-9._-]{1,255}$/.test(text);
}

function isSegment(text: string): boolean {
  return /^[A-Za-z0-9._-]+$/.test(text) && text !== '.' && text !== '..';
}
