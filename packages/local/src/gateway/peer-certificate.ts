import { type X509Certificate, createHash } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { CertificateToForward } from './exchange/played-front-end.js';

/** The leaf certificate that a client presented. TLS has proven only that the client has its key. */
export interface PeerCertificate extends CertificateToForward {
  /** The thumbprint in upper-case hexadecimal without separators, as Azure writes it. */
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

/** Lists the further certificates of the handshake. Node calls the next one the issuer, whether or not it is. */
function* listSentAlong(leaf: X509Certificate): Generator<Buffer> {
  for (let next = leaf.issuerCertificate; next !== undefined; next = next.issuerCertificate) yield next.raw;
}

/**
 * Writes a name on one line, with the root last, as Windows and Azure do. Node writes one attribute per line, root
 * first.
 */
export function toOneLine(distinguishedName: string | undefined): string {
  return (distinguishedName ?? '').split('\n').reverse().join(', ');
}
