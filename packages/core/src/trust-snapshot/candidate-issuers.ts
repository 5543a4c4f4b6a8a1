import type { PathCertificate } from '@certgate/x509/path';
import type { PresentedCertificate } from '../certificate-header/certificate-header.js';

/**
 * The names that a certificate's issuers may have: its own issuer's, and above it those that what came with it names there.
 * Each once, the nearest first, and looked for once, so that certificates that name each other end it. Nothing is verified.
 */
export function listIssuerNames({
  issuer,
  candidates,
}: Pick<PresentedCertificate, 'issuer' | 'candidates'>): readonly string[] {
  if (issuer === undefined) return [];
  const names = new Set([issuer.key]);
  // A set hands out what is added while it is gone through.
  for (const name of names) {
    for (const candidate of candidates.certificates) {
      if (candidate.subject?.key === name && candidate.issuer !== undefined) names.add(candidate.issuer.key);
    }
  }
  return [...names];
}

/** What of the candidates a path may lead over. */
export interface ReadCandidates {
  readonly candidates: readonly PathCertificate[];
  /** For the operator: why a path may be missing. */
  readonly fault: string | undefined;
}

/** Not only those that its names lead to: a path may go over a CA of the document to one that came with the request. */
export function readCandidates({ candidates: { certificates, fault } }: PresentedCertificate): ReadCandidates {
  if (certificates.length === 0) return { candidates: [], fault };
  const decodings = certificates.map(({ pathDecoding }) => pathDecoding);
  const [unread] = decodings.flatMap((decoding) => (decoding.ok ? [] : [decoding.fault]));
  return {
    candidates: decodings.flatMap((decoding) => (decoding.ok ? [decoding.value] : [])),
    fault: unread === undefined ? fault : `A certificate that came with it can’t be read: ${unread}.`,
  };
}
