import type { CertificateRevocationList } from './certificate-revocation-list.js';
import type { PathCertificate } from './path-certificate.js';
import type { SignatureAlgorithm } from './signature-algorithm.js';

/** Is this certificate revoked, by these lists? */
export interface CrlQuestion {
  readonly certificate: PathCertificate;
  /** Its issuer, already validated; may be the trust anchor. */
  readonly issuer: PathCertificate;
  /** Any lists: those that don't speak of the certificate are passed over. */
  readonly crls: readonly CertificateRevocationList[];
  /** Who else may have signed them: intermediates, anchors, CRL issuers' certificates. */
  readonly signers: readonly PathCertificate[];
  /** Does the signer have a valid path to the certificate's own trust anchor (RFC 5280 §6.3.3 (f))? Cycles end there. */
  readonly isSignerValid: (signer: PathCertificate) => boolean;
  readonly isAlgorithmAccepted: (algorithm: SignatureAlgorithm) => boolean;
  /** `strict`: a list without nextUpdate is never current. */
  readonly profile: 'strict' | 'rfc5280';
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly now: number;
  /** For so long after its nextUpdate a list is current still. */
  readonly graceMilliseconds: number;
  /** True where it is left out. */
  readonly useDeltas?: boolean;
}
