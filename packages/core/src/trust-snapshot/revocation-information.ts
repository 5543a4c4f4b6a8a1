import type { RevocationListEntry } from '../denial-facts.js';
import type { CertificateRevocationList, OcspResponse, PathCertificate } from '@certgate/x509/path';

/** What is known about the revocation of one authority's certificates. */
export interface AuthorityRevocationInformation {
  readonly crls: readonly CertificateRevocationList[];
  /** More lists, which can only revoke: they never show that a certificate is not revoked. */
  readonly revokingCrls?: readonly CertificateRevocationList[];
  /** The OCSP answers that may be about this certificate. */
  readonly findOcspResponses: (certificate: PathCertificate) => readonly OcspResponse[];
  /** Whether the app's code gives lists for this authority, or may give them. The mode `off` then means `required`. */
  readonly isRequiredByCode?: boolean;
  /**
   * For the operator: the newest list that names the certificate as revoked, or if `isRevoked` is false the newest list
   * of the certificate's issuer.
   */
  readonly findList?: (certificate: PathCertificate, isRevoked: boolean) => RevocationListEntry | undefined;
  /** Called with each certificate that is refused as revoked. */
  readonly noteRevoked?: (certificate: PathCertificate) => void;
  /** For the operator: why less revocation information is available than there should be. */
  readonly findFault?: (certificate: PathCertificate) => string | undefined;
}

/** The revocation information by authority name: the part of a decision's input that is not in the trust document. */
export interface RevocationInformation {
  /** Undefined if there is no information about the authority. */
  readonly find: (authorityName: string) => AuthorityRevocationInformation | undefined;
}

/** Has no information for any authority: a path that needs revocation information is refused. */
export const noRevocationInformation: RevocationInformation = Object.freeze({ find: () => undefined });
