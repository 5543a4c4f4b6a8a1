// revocation/: CRLs (RFC 5280 §5 and §6.3) and OCSP (RFC 6960): whether a certificate is revoked.

import type { PathCertificate } from '../certificate/path-certificate.js';
import type { CertificateRevocationList } from './certificate-revocation-list.js';
import type { OcspResponse } from './ocsp-response.js';

/** What is known of the revocation of one authority's certificates. */
export interface AuthorityRevocationInformation {
  readonly crls: readonly CertificateRevocationList[];
  readonly findOcspResponses: (certificate: PathCertificate) => readonly OcspResponse[];
  /** The code names a source of it, beside those of the document. */
  readonly isConfiguredInCode?: boolean;
  /** Why there is less of it than there should be, for the operator. */
  readonly findFault?: (certificate: PathCertificate) => string | undefined;
}

/** By the authority's name. The half of a decision's input that doesn't stand in the trust document. */
export interface RevocationInformation {
  readonly find: (authorityName: string) => AuthorityRevocationInformation | undefined;
}

/** An authority that requires revocation information lets nobody in by this. */
export const noRevocationInformation: RevocationInformation = Object.freeze({ find: () => undefined });

/** What is known of one certificate's revocation. */
export type RevocationStatus =
  | {
      readonly status: 'good';
      /** [validFrom, validUntil) in milliseconds: while the information behind it is current. */
      readonly validFrom: number;
      readonly validUntil: number;
    }
  | {
      readonly status: 'revoked';
      /** The reason's name in RFC 5280 §5.3.1. */
      readonly reason: string;
      /** Milliseconds since 1970-01-01T00:00:00Z. */
      readonly revokedAt: number;
    }
  /** No current information, or none that covers every reason; `detail` says what is missing. */
  | { readonly status: 'unknown'; readonly detail: string };
