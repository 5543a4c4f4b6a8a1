import { X509Certificate, createHash } from 'node:crypto';
import type { TLSSocket } from 'node:tls';

/** The leaf that a client presented, with possession of its key proven by TLS, and nothing else proven. */
export interface PeerCertificate {
  /** Base64 of the DER on one line: the value of `X-ARR-ClientCert`. */
  readonly base64Der: string;
  /** Upper-case hexadecimal without separators, as Azure writes thumbprints. */
  readonly thumbprintSha256: string;
  readonly thumbprintSha1: string;
}

/** Intermediates that the client sent along are not looked at: they never arrive on Azure either. */
export function findPeerCertificate(socket: TLSSocket): PeerCertificate | undefined {
  const der = socket.getPeerX509Certificate()?.raw;
  if (der === undefined) return undefined;
  return Object.freeze({
    base64Der: der.toString('base64'),
    thumbprintSha256: createHash('sha256').update(der).digest('hex').toUpperCase(),
    thumbprintSha1: createHash('sha1').update(der).digest('hex').toUpperCase(),
  });
}

export interface CertificateFacts extends PeerCertificate {
  readonly subject: string;
  readonly issuer: string;
  readonly serialNumber: string;
  readonly validFrom: string;
  readonly validTo: string;
}

/** For people to read; nothing is decided by it. */
export function describeCertificate(certificate: PeerCertificate): CertificateFacts {
  const parsed = new X509Certificate(Buffer.from(certificate.base64Der, 'base64'));
  const { subject, issuer, serialNumber, validFrom, validTo } = parsed;
  return { ...certificate, subject: toOneLine(subject), issuer: toOneLine(issuer), serialNumber, validFrom, validTo };
}

/** Node writes one attribute per line, root first; Windows and Azure write them the other way round, on one line. */
export function toOneLine(distinguishedName: string | undefined): string {
  return (distinguishedName ?? '').split('\n').reverse().join(', ');
}
