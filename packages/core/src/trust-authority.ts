import type { PathCertificate } from './certification-path/path-certificate.js';
import type { RevocationMode, RevocationScope } from './certification-path/path-revocation.js';

/** A certification authority under a name of the operator's choice: what it issued may stand for names bound to it. */
export interface TrustedAuthority {
  /** In its author's spelling; letter case doesn't tell authorities apart. */
  readonly name: string;
  /** At least one. A name and key that is an anchor here is an anchor of no other authority. */
  readonly trustAnchors: readonly PathCertificate[];
  readonly intermediates: readonly PathCertificate[];
  /** Lower case; each belongs to one authority. */
  readonly spiffeTrustDomains: readonly string[];
  readonly revocation: AuthorityRevocation;
}

export interface AuthorityRevocation {
  readonly mode: RevocationMode;
  readonly scope: RevocationScope;
  /** `file:PATH` or a URL, as written. */
  readonly crls: readonly string[];
  readonly ocsp: string | undefined;
  /**
   * Must an answer hold the nonce of its question (RFC 9654)? Responders that sign their answers ahead of time, as most
   * public ones do, can't give it back; an answer then counts as long as it says, also one that somebody kept.
   */
  readonly ocspNonce: (typeof ocspNonces)[number];
  /** How long after its nextUpdate a list still counts. */
  readonly graceMilliseconds: number;
}

export const ocspNonces = ['required', 'optional'] as const;
