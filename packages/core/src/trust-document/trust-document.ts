// trust-document/: the JSON document that says who may call: reading, checking and formatting it.

/**
 * The trust document as it is written: plain JSON values, in the author's own notation. Tools edit this, and a runtime
 * reads it into a `TrustSnapshot` (`parseTrustDocument`).
 */
export interface TrustDocument {
  readonly $schema?: string;
  readonly schemaVersion: number;
  readonly revision: number;
  readonly audience?: readonly string[];
  /** If it is present, nobody is admitted. The identities don't change. */
  readonly locked?: TrustDocumentLock;
  readonly authorities?: readonly TrustDocumentAuthority[];
  readonly denied?: readonly TrustDocumentDenied[];
  readonly identities: readonly TrustDocumentIdentity[];
}

/** The value of `locked`, as it is written. */
export interface TrustDocumentLock {
  /** When the document was locked, RFC 3339 in UTC. */
  readonly since: string;
  readonly by: string;
  readonly reason: string;
}

/** An element of `authorities`, as it is written. */
export interface TrustDocumentAuthority {
  readonly name: string;
  /** Each text is one certificate in PEM. The same is true of `intermediates`. */
  readonly trustAnchors: readonly string[];
  readonly intermediates?: readonly string[];
  readonly spiffeTrustDomains?: readonly string[];
  /** How a DNS name constraint like `.corp.example` is read. If absent: `refuse`. */
  readonly dnsConstraintsWithLeadingDot?: 'refuse' | 'subdomains-only';
  readonly revocation?: TrustDocumentRevocation;
}

/** The value of `revocation`, as it is written. */
export interface TrustDocumentRevocation {
  /**
   * Whether revocation information is required. If absent: `required` if `crls` or `ocsp` is given, otherwise `off`.
   */
  readonly mode?: 'required' | 'when-available' | 'off';
  /**
   * Which certificates are checked. `chain`: the caller's and every intermediate. `end-entity`: only the caller's. If
   * absent: `chain`.
   */
  readonly scope?: 'chain' | 'end-entity';
  readonly crls?: readonly string[];
  readonly ocsp?: string;
  /** Whether an OCSP response must contain the nonce of its request. If absent: `required`. */
  readonly ocspNonce?: 'required' | 'optional';
  readonly graceSeconds?: number;
  /** Only allowed if `mode` is written out as `required`. */
  readonly minimumCrlNumbers?: readonly TrustDocumentMinimumCrlNumber[];
  /**
   * The longest lifetime of a certificate that `noRevAvail` excuses, in seconds: 1 to 2592000 (30 days). Only allowed
   * if `mode` is written out as `required` or `when-available`. If absent, `noRevAvail` excuses no certificate.
   */
  readonly noRevAvailMaximumLifetimeSeconds?: number;
}

/** An element of `minimumCrlNumbers`, as it is written. */
export interface TrustDocumentMinimumCrlNumber {
  /** The subject of one of the authority's certificates, as `certgate trust authority list --json` prints it. */
  readonly issuer: string;
  /** The CRL number, in decimal. */
  readonly number: string;
}

/** An element of `denied`, as it is written: a thumbprint, or a serial number with its authority. */
export interface TrustDocumentDenied {
  readonly thumbprintSha256?: string;
  readonly issuedBy?: string;
  readonly serialNumber?: string;
  readonly reason?: string;
}

/** An element of `identities`, as it is written. */
export interface TrustDocumentIdentity {
  readonly name: string;
  readonly roles: readonly string[];
  /** The functions that the identity may call. Every function if absent; none if empty. */
  readonly functions?: readonly string[];
  /** Whether the identity is in force. True if absent. */
  readonly enabled?: boolean;
  readonly owner?: string;
  readonly reason?: string;
  /** RFC 3339 in UTC, such as `2027-03-01T00:00:00Z`. The times of pins have the same form. */
  readonly expiresAt?: string;
  readonly names?: readonly TrustDocumentName[];
  readonly pins?: readonly TrustDocumentPin[];
}

/** A name under an authority: exactly one of the five, and the authority that must have issued the certificate. */
export interface TrustDocumentName {
  readonly issuedBy: string;
  /** An exact name, or a name with `*` as its first label. */
  readonly dns?: string;
  readonly uri?: string;
  readonly email?: string;
  readonly commonName?: string;
  readonly organizationalUnit?: string;
}

/** The value of `acceptWithoutClientAuth`, as it is written. */
export interface TrustDocumentClientAuthGrace {
  /** The beginning of the grace period, RFC 3339 in UTC. */
  readonly since: string;
  /** The end of the grace period, RFC 3339 in UTC, at most 90 days after `since`. */
  readonly until: string;
  readonly reason: string;
}

/** An element of `pins`, as it is written. It has exactly one of the three hashes, in hexadecimal. */
export interface TrustDocumentPin {
  readonly thumbprintSha256?: string;
  readonly thumbprintSha1?: string;
  readonly publicKeySha256?: string;
  /** The pin admits only a certificate that this authority issued. */
  readonly issuedBy?: string;
  readonly enabled?: boolean;
  readonly notBefore?: string;
  readonly notAfter?: string;
  /**
   * Only allowed without `issuedBy`. For a time, the pin admits a certificate that has serverAuth but not clientAuth.
   */
  readonly acceptWithoutClientAuth?: TrustDocumentClientAuthGrace;
}
