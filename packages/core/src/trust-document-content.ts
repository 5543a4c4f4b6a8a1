/**
 * The trust document as it is written: plain JSON values, with the author's own notation. Tools edit this; a runtime
 * reads it into a `TrustSnapshot` (`parseTrustDocument`).
 */
export interface TrustDocument {
  readonly $schema?: string;
  readonly schemaVersion: number;
  readonly revision: number;
  readonly audience?: readonly string[];
  readonly identities: readonly TrustDocumentIdentity[];
}

export interface TrustDocumentIdentity {
  readonly name: string;
  readonly roles: readonly string[];
  /** Absent: every function; empty: none. */
  readonly functions?: readonly string[];
  /** Absent: true. */
  readonly enabled?: boolean;
  readonly owner?: string;
  readonly reason?: string;
  /** RFC 3339 in UTC, e.g. `2027-03-01T00:00:00Z`; so are the times of pins. */
  readonly expiresAt?: string;
  readonly certificates?: readonly TrustDocumentPin[];
}

/** Exactly one of the three hashes, in hexadecimal. */
export interface TrustDocumentPin {
  readonly thumbprintSha256?: string;
  readonly thumbprintSha1?: string;
  readonly publicKeySha256?: string;
  readonly enabled?: boolean;
  readonly notBefore?: string;
  readonly notAfter?: string;
}
