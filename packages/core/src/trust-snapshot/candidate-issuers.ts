import type { PathCertificate } from '@certgate/x509/path';
import type { PresentedCertificate } from '../certificate-header/certificate-header.js';

/**
 * The names of the CAs that may be above a certificate: the name of its own issuer first, then the names of further
 * issuers, as far as the certificates that came with the request show them. Each name is listed and followed once, so
 * certificates that name each other cause no endless loop. Nothing is verified.
 */
export function listIssuerNames({
  issuer,
  candidates,
}: Pick<PresentedCertificate, 'issuer' | 'candidates'>): readonly string[] {
  if (issuer === undefined) return [];
  const names = new Set([issuer.key]);
  // Iterating a Set also visits the names that the loop adds.
  for (const name of names) {
    for (const candidate of candidates.certificates) {
      if (candidate.subject?.key === name && candidate.issuer !== undefined) names.add(candidate.issuer.key);
    }
  }
  return [...names];
}

/** The candidates (CA certificates that came with the request) that a path may use. */
export interface ReadCandidates {
  readonly candidates: readonly PathCertificate[];
  /** For the operator: why a path may be missing. Undefined if no candidate had to be left out. */
  readonly fault: string | undefined;
}

/**
 * Decodes every candidate, also those to which no issuer's name leads: a path may lead from a CA of the document to one
 * that came with the request.
 */
export function readCandidates({ candidates: { certificates, fault } }: PresentedCertificate): ReadCandidates {
  if (certificates.length === 0) return { candidates: [], fault };
  const decodings = certificates.map(({ pathDecoding }) => pathDecoding);
  const [unread] = decodings.flatMap((decoding) => (decoding.ok ? [] : [decoding.fault]));
  return {
    candidates: decodings.flatMap((decoding) => (decoding.ok ? [decoding.value] : [])),
    fault: unread === undefined ? fault : `A certificate that came with it can’t be read: ${unread}.`,
  };
}
