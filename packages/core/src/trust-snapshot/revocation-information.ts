import type { RevocationListEntry } from '../denial-facts.js';
import type { CertificateRevocationList, OcspResponse, PathCertificate } from '@certgate/x509/path';

/** What is known of the revocation of one authority's certificates. */
export interface AuthorityRevocationInformation {
  readonly crls: readonly CertificateRevocationList[];
  /** More lists, which only revoke. */
  readonly revokingCrls?: readonly CertificateRevocationList[];
  /** Answers that may be about this certificate. */
  readonly findOcspResponses: (certificate: PathCertificate) => readonly OcspResponse[];
  /** The code gives lists of this authority, or may give them. The mode `off` is then `required`. */
  readonly isRequiredByCode?: boolean;
  /** The list that names the certificate as revoked, or the newest one of its issuer; for the operator. */
  readonly findList?: (certificate: PathCertificate, isRevoked: boolean) => RevocationListEntry | undefined;
  /** Hears of each certificate that is refused as revoked. */
  readonly noteRevoked?: (certificate: PathCertificate) => void;
  /** Why there is less of it than there should be, for the operator. */
  readonly findFault?: (certificate: PathCertificate) => string | undefined;
}

/** By the authority's name. The half of a decision's input that doesn't stand in the trust document. */
export interface RevocationInformation {
  /** Undefined: nothing is known for the authority. */
  readonly find: (authorityName: string) => AuthorityRevocationInformation | undefined;
}

/** An authority that requires revocation information lets nobody in by this. */
export const noRevocationInformation: RevocationInformation = Object.freeze({ find: () => undefined });
