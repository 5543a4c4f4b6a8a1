// revocation/: CRLs (RFC 5280 §5 and §6.3) and OCSP (RFC 6960): whether a certificate is revoked.

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
