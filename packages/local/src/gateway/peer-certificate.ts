import { type X509Certificate, createHash } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { PresentedCertificate } from './exchange/played-front-end.js';

/** The leaf that a client presented, with possession of its key proven by TLS, and nothing else proven. */
export interface PeerCertificate extends PresentedCertificate {
  /** Upper-case hexadecimal without separators, as Azure writes thumbprints. */
  readonly thumbprintSha256: string;
  readonly thumbprintSha1: string;
}

export function findPeerCertificate(socket: TLSSocket): PeerCertificate | undefined {
  const leaf = socket.getPeerX509Certificate();
  if (leaf === undefined) return undefined;
  const der = leaf.raw;
  return Object.freeze({
    der,
    chain: Object.freeze([...listSentAlong(leaf)]),
    thumbprintSha256: createHash('sha256').update(der).digest('hex').toUpperCase(),
    thumbprintSha1: createHash('sha1').update(der).digest('hex').toUpperCase(),
  });
}

/** Node calls the next certificate of the handshake the issuer, whether or not it is. */
function* listSentAlong(leaf: X509Certificate): Generator<Buffer> {
  for (let next = leaf.issuerCertificate; next !== undefined; next = next.issuerCertificate) yield next.raw;
}

/** Node writes one attribute per line, root first; Windows and Azure write them the other way round, on one line. */
export function toOneLine(distinguishedName: string | undefined): string {
  return (distinguishedName ?? '').split('\n').reverse().join(', ');
}
