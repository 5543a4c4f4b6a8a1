import type { DenialCode } from '../denial.js';

/** What a trust store answers about one certificate. */
export type TrustFinding =
  | {
      readonly outcome: 'found';
      readonly identity: FoundIdentity;
      /** What the certificate was recognised by; a user's own store names its own. */
      readonly matchedBy: string;
      /**
       * [validFrom, validUntil) in milliseconds: when this access begins and ends. Absent: no bound of its own. The log
       * warns before the end comes, so it is no way to say how long an answer may be remembered: `version` is.
       */
      readonly validFrom?: number;
      readonly validUntil?: number;
      /**
       * [currentFrom, currentUntil) in milliseconds: while the revocation information behind this answer is current. It is
       * remembered no longer, and nobody is warned of its end: newer information comes by itself.
       */
      readonly currentFrom?: number;
      readonly currentUntil?: number;
      /** A certification path of the certificate was validated, its critical extensions included (RFC 5280 §6.1). */
      readonly isPathValidated?: true;
      /** The CA certificates that the path leads through, in DER: `firstOf` asks the other stores' deny lists for them. */
      readonly pathAuthorities?: readonly Uint8Array[];
    }
  | {
      /** A match that denies: nothing falls through to another rule or store. */
      readonly outcome: 'denied';
      readonly code: TrustDenialCode;
      readonly detail: string;
      readonly identityName?: string;
    }
  | {
      readonly outcome: 'notFound';
      /** For the operator: what of the certificate nearly was a match. */
      readonly detail?: string;
    }
  | { readonly outcome: 'unavailable'; readonly detail: string };

export interface FoundIdentity {
  readonly name: string;
  readonly roles: readonly string[];
  /** Absent: every function; empty: none. */
  readonly functions?: readonly string[] | undefined;
  /** Who answers for it; for the log. */
  readonly owner?: string | undefined;
}

/** What a store may refuse a certificate for. */
export type TrustDenialCode = Extract<
  DenialCode,
  | 'trust_locked'
  | `pin_${string}`
  | `identity_${string}`
  | `certificate_${string}`
  | `path_${string}`
  | 'revocation_unavailable'
>;
