// revocation/: CRLs (RFC 5280 §5 and §6.3) and OCSP (RFC 6960): whether a certificate is revoked.

import type { SignatureAlgorithm } from '../certificate/signature-algorithm.js';
import type { OcspSignerFault } from './ocsp-responder.js';
import type { OcspFailure } from './ocsp-response.js';

/** What is known about the revocation of one certificate. */
export type RevocationStatus =
  | {
      readonly status: 'good';
      /**
       * [validFrom, validUntil) in milliseconds since 1970-01-01T00:00:00Z: while the information behind the answer is
       * current.
       */
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
  /** Nothing shows that it is revoked or that it is not. `describeRevocationGaps` says why. */
  | { readonly status: 'unknown'; readonly gaps: readonly RevocationGap[] };

/** The facts of each gap, by its reason. Times are in milliseconds since 1970-01-01T00:00:00Z. */
export interface RevocationGapFacts {
  /** The certificate has another issuer than the one that was given. */
  readonly issuer_differs: object;
  readonly crl_missing: object;
  /** There is a delta CRL, but not the CRL that it changes. */
  readonly crl_base_missing: object;
  /** The CRLs are signed by another key of the CA than the one that signed the certificate. */
  readonly crl_of_other_key: object;
  readonly crl_from_future: { readonly thisUpdate: number };
  readonly crl_without_next_update: object;
  readonly crl_ended: { readonly nextUpdate: number };
  /** An object identifier. */
  readonly crl_critical_extension: { readonly extension: string };
  /** The number of the CRL is missing or critical. */
  readonly crl_number_unusable: object;
  /** The numbers of both complete lists, in decimal. */
  readonly crl_superseded: { readonly crlNumber: string; readonly newerNumber: string };
  readonly crl_reasons_missing: object;
  readonly crl_algorithm_not_accepted: { readonly signatureAlgorithm: SignatureAlgorithm };
  readonly crl_signer_unfit: object;
  readonly ocsp_missing: object;
  readonly ocsp_failure: { readonly responseStatus: OcspFailure };
  readonly ocsp_algorithm_not_accepted: { readonly signatureAlgorithm: SignatureAlgorithm };
  readonly ocsp_signer_unfit: { readonly signer: OcspSignerFault };
  readonly ocsp_certificate_unknown: object;
  /** An object identifier. */
  readonly ocsp_critical_extension: { readonly extension: string };
  readonly ocsp_nonce_differs: object;
  readonly ocsp_nonce_missing: object;
  readonly ocsp_from_future: object;
  readonly ocsp_ended: object;
  /** The CA publishes no revocation information, which excuses a short-lived certificate. */
  readonly no_rev_avail: object;
  /** A list or a response for `verifyClientCertificate` can't be read. `input` is its place, such as `crls[0]`. */
  readonly input_unreadable: { readonly input: string; readonly fault: string };
  /** A sentence about the source of the information, as `findFault` returned it. */
  readonly source: { readonly fault: string };
}

/** Why it is unknown whether a certificate is revoked. */
export type RevocationGap<Reason extends keyof RevocationGapFacts = keyof RevocationGapFacts> = {
  [Each in Reason]: { readonly reason: Each } & RevocationGapFacts[Each];
}[Reason];
