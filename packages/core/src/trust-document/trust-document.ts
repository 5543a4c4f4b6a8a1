// trust-document/: the JSON document that says who may call: reading, checking and formatting it.

/**
 * The trust document as it is written: plain JSON values, with the author's own notation. Tools edit this; a runtime
 * reads it into a `TrustSnapshot` (`parseTrustDocument`).
 */
export interface TrustDocument {
  readonly $schema?: string;
  readonly schemaVersion: number;
  readonly revision: number;
  readonly audience?: readonly string[];
  /** Present: nobody is admitted. The identities stay as they are. */
  readonly locked?: TrustDocumentLock;
  readonly authorities?: readonly TrustDocumentAuthority[];
  readonly denied?: readonly TrustDocumentDenied[];
  readonly identities: readonly TrustDocumentIdentity[];
}

/** The value of `locked`, as written. */
export interface TrustDocumentLock {
  /** RFC 3339 in UTC. */
  readonly since: string;
  readonly by: string;
  readonly reason: string;
}

/** An element of `authorities`, as written. */
export interface TrustDocumentAuthority {
  readonly name: string;
  /** Each text one certificate in PEM; so are the intermediates. */
  readonly trustAnchors: readonly string[];
  readonly intermediates?: readonly string[];
  readonly spiffeTrustDomains?: readonly string[];
  /** How a DNS name constraint like `.corp.example` is read. Absent: `refuse`. */
  readonly dnsConstraintsWithLeadingDot?: 'refuse' | 'subdomains-only';
  readonly revocation?: TrustDocumentRevocation;
}

/** The value of `revocation`, as written. */
export interface TrustDocumentRevocation {
  /** Absent: `required` where `crls` or `ocsp` is given, else `off`. */
  readonly mode?: 'required' | 'when-available' | 'off';
  /** Absent: `chain`. */
  readonly scope?: 'chain' | 'end-entity';
  readonly crls?: readonly string[];
  readonly ocsp?: string;
  /** Absent: required. */
  readonly ocspNonce?: 'required' | 'optional';
  readonly graceSeconds?: number;
  /** With `mode` `required` alone. */
  readonly minimumCrlNumbers?: readonly TrustDocumentMinimumCrlNumber[];
  /** 1 to 2592000 (30 days), with `mode` `required` or `when-available` written out. Absent: `noRevAvail` excuses nothing. */
  readonly noRevAvailMaximumLifetimeSeconds?: number;
}

/** An element of `minimumCrlNumbers`, as written. */
export interface TrustDocumentMinimumCrlNumber {
  /** The subject of one of the authority's certificates, as `certgate trust authority list --json` prints it. */
  readonly issuer: string;
  /** Decimal. */
  readonly number: string;
}

/** A thumbprint, or a serial number with its authority. */
export interface TrustDocumentDenied {
  readonly thumbprintSha256?: string;
  readonly issuedBy?: string;
  readonly serialNumber?: string;
  readonly reason?: string;
}

/** An element of `identities`, as written. */
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
  readonly names?: readonly TrustDocumentName[];
  readonly pins?: readonly TrustDocumentPin[];
}

/** A name under an authority: exactly one of the five, and the authority that vouches for it. */
export interface TrustDocumentName {
  readonly issuedBy: string;
  /** Exact, or with `*` as its first label. */
  readonly dns?: string;
  readonly uri?: string;
  readonly email?: string;
  readonly commonName?: string;
  readonly organizationalUnit?: string;
}

/** The value of `acceptWithoutClientAuth`, as written. */
export interface TrustDocumentClientAuthGrace {
  /** RFC 3339 in UTC. */
  readonly since: string;
  /** At most 90 days after `since`. */
  readonly until: string;
  readonly reason: string;
}

/** Exactly one of the three hashes, in hexadecimal. */
export interface TrustDocumentPin {
  readonly thumbprintSha256?: string;
  readonly thumbprintSha1?: string;
  readonly publicKeySha256?: string;
  /** Only a certificate that this authority issued. */
  readonly issuedBy?: string;
  readonly enabled?: boolean;
  readonly notBefore?: string;
  readonly notAfter?: string;
  /** Without `issuedBy` alone: for a time, a certificate with serverAuth and without clientAuth is admitted. */
  readonly acceptWithoutClientAuth?: TrustDocumentClientAuthGrace;
}
