// What the gate knew when it refused a call, by denial code: plain data for logs of your own, for tools, and for the
// sentence (denial-sentences/). Never sent to callers. Times are in milliseconds since 1970-01-01T00:00:00Z, hashes in
// upper-case hexadecimal. Texts that a caller chose are not escaped, and may be shortened.

/** The facts of a denial if its code already says everything. */
export type NoFacts = Readonly<Record<string, never>>;

/** A pin of the trust document. */
export interface PinEntry {
  readonly kind: 'thumbprintSha256' | 'thumbprintSha1' | 'publicKeySha256';
  readonly value: string;
  /** The authority that must have issued the certificate. Absent if any issuer will do. */
  readonly issuedBy?: string;
  readonly isDisabled?: true;
  /**
   * The pin is in force in [notBefore, notAfter), in milliseconds since 1970-01-01T00:00:00Z. An absent bound does not
   * limit it.
   */
  readonly notBefore?: number;
  readonly notAfter?: number;
  /**
   * Set if the pin has a hash of the same certificate under its other valid ECDSA signature. The hash then differs from
   * the thumbprint in the log.
   */
  readonly isOfTwin?: true;
}

/** A name in the trust document, bound to an authority. */
export interface NameEntry {
  readonly type: 'dns' | 'uri' | 'email' | 'commonName' | 'organizationalUnit';
  /** The name in the form in which it is compared with certificates. A DNS name may begin with `*.`. */
  readonly value: string;
  /** The name of the authority that must have issued the certificate. */
  readonly issuedBy: string;
}

/** The identity of the trust document that has one of the certificate's names, and that name. */
export interface NameClaim {
  readonly identity: string;
  readonly name: NameEntry;
}

/** An identity, with its entries that matched the certificate. */
export interface MatchedIdentity {
  readonly identity: string;
  readonly pins: readonly PinEntry[];
  readonly names: readonly NameEntry[];
}

/** An entry of the deny list. It has either `thumbprintSha256`, or `issuedBy` and `serialNumber`. */
export interface DeniedEntry {
  /** The entry's place in the document, such as `denied[0]`. */
  readonly path: string;
  readonly thumbprintSha256?: string | undefined;
  /** The name of the authority that issued the denied certificate. */
  readonly issuedBy?: string | undefined;
  /** The serial number: the content of the INTEGER, in upper-case hexadecimal. */
  readonly serialNumber?: string | undefined;
  readonly reason?: string | undefined;
}

/** A certificate of a certification path. */
export interface PathMember {
  /** The certificate's subject, as text (RFC 4514). */
  readonly subject: string;
  readonly thumbprintSha256: string;
  readonly role: 'trust-anchor' | 'intermediate' | 'end-entity' | 'crl-signer';
  readonly notBefore: number;
  readonly notAfter: number;
}

/** The authority that was asked about the certificate, why it was asked, and what is known about its answer. */
export interface AuthorityQuestion {
  /** The authority's name, as the document spells it. */
  readonly authority: string;
  /** The pin that requires this authority as the issuer. */
  readonly pin?: PinEntry;
  /** The certificate's name that identifies the caller only if this authority issued the certificate. */
  readonly claim?: NameClaim;
  /**
   * Set with `claim` if the authority issued the certificate, but a certificate of the path is revoked or denied, or
   * the gate cannot tell whether it is revoked.
   */
  readonly isIssued?: true;
  /**
   * Set with `claim` if a CA certificate of the authority signed the certificate, although no path to the authority is
   * valid. The names in the certificate then come from the authority and not from an unknown caller.
   */
  readonly isSigned?: true;
}

/** A certificate revocation list, for the log. */
export interface RevocationListEntry {
  /** The CA that issued the list (RFC 4514). */
  readonly issuer: string;
  /** The list's CRL number, in decimal. */
  readonly number?: string;
  /** The source of the list, such as `file corp.crl`. */
  readonly source?: string;
  /** The list's `nextUpdate`, in milliseconds since 1970-01-01T00:00:00Z. */
  readonly end?: number;
}

/** Why no valid certification path leads to an authority. */
export interface PathFacts extends AuthorityQuestion, PathProblem {}

/** What is wrong with a certification path, without the question for which the path was looked for. */
export interface PathProblem {
  /** What path validation says, in one sentence. */
  readonly fault: string;
  /**
   * The certificate that is at fault; if an issuer is missing, the certificate that it would have issued. Absent if the
   * fault is not about one certificate.
   */
  readonly certificate?: PathMember;
  /** If no path was found: why CA certificates that came with the request were not used, in one sentence. */
  readonly chainFault?: string;
  /**
   * The revocation list that names the certificate as revoked. If the current revocation information is missing, the
   * newest list of the certificate's issuer. Absent if no such list is known.
   */
  readonly list?: RevocationListEntry;
}

/** Why a certificate is not fit for a client. */
interface UnfitClientFacts {
  /** What the check says, in one sentence. */
  readonly fault: string;
  /** The identity that the certificate would belong to by one of its names. */
  readonly claim?: NameClaim;
}

interface KeyFacts {
  /** Algorithm and size, e.g. `RSA 1024`. */
  readonly key: string;
}

/** About a certificate without the extended key usage clientAuth. */
export interface ClientAuthFacts {
  /** The certificate's extended key usages, as object identifiers. */
  readonly extendedKeyUsage: readonly string[];
  readonly grace?: GraceFacts;
  /** Why the certificate looks like one of a public CA. Absent if it doesn't, or if it is not for servers. */
  readonly publicIssuance?: { readonly verdict: 'likely' | 'possible'; readonly evidence: readonly string[] };
}

/**
 * Why a pin's `acceptWithoutClientAuth` does not admit the certificate now. The pin accepts it in [since, until), in
 * milliseconds since 1970-01-01T00:00:00Z.
 */
export interface GraceFacts {
  /**
   * `path_needed`: an authority is asked too, and a certification path needs clientAuth. `never`: the grace periods of
   * the matching pins have no moment in common. `ahead`: the grace period has not begun. `over`: it has ended.
   */
  readonly state: 'path_needed' | 'never' | 'ahead' | 'over';
  readonly since?: number;
  readonly until?: number;
}

/** About a certificate that belongs to no identity. */
export interface StrangerFacts {
  /**
   * The authorities that own a CA certificate with the issuer's name, or with the name of an issuer in the forwarded
   * chain. Absent if there is none.
   */
  readonly authorities?: readonly string[];
  /** The first names in the certificate, only as many as an operator will read. */
  readonly names?: readonly { readonly type: NameEntry['type']; readonly value: string }[];
  /** The attribute of the certificate's subject that is not text and therefore matches no identity. */
  readonly attributeWithoutText?: string;
  /** Why the certificate's names could not be compared. */
  readonly decodingFault?: string;
  /** Why CA certificates that came with the request were not used, in one sentence. */
  readonly chainFault?: string;
}

/** The identity that a certificate points to, although it belongs to no identity. */
export interface StrangerClaim {
  /**
   * Why the certificate points to an identity. Only `path` is proven: an authority of the document issued it. `pin`: it
   * is a pinned certificate with its other ECDSA signature, which anybody can compute. `name`: it has a name of the
   * identity, which anybody can write into a certificate. A store needs `findClaim` to find `path` and `pin`.
   */
  readonly claimedBy: 'path' | 'pin' | 'name';
  /**
   * The name of the identity that the certificate points to. Absent if the document has no such identity. It admits
   * nobody.
   */
  readonly claimedIdentity?: string;
}

interface CertificateTimes {
  readonly notBefore: number;
  readonly notAfter: number;
}

/**
 * The interval of a trust store's answer does not include the present: a custom store gave such an interval, or it
 * ended while the gate waited. Which entry of the store limits it is not known.
 */
interface StoreInterval {
  readonly identity: string;
  readonly isOfStore: true;
}

/** About an identity that is not in force. */
export interface IdentityFacts {
  readonly identity: string;
  /** The hash in the pin, or the name, that matched the certificate. */
  readonly matched: string;
}

/** About a pin that is not in force. */
export interface PinFacts {
  readonly identity: string;
  readonly pin: PinEntry;
  /** The identity's other pins that match the certificate, in force or not. */
  readonly others: readonly PinEntry[];
}

/** The facts of each denial code. */
export interface DenialFacts {
  readonly front_end_unknown:
    | { readonly problem: 'setting_not_valid'; /** In one sentence. */ readonly fault: string }
    | {
        readonly problem: 'not_named';
        readonly host: 'functions' | 'server';
        /** The environment variables that show on which host the process runs. */
        readonly hostMarks: readonly string[];
        readonly isOnAzure: boolean;
        /** The names of the front ends that the operator can choose from, without `app-service`. */
        readonly frontEnds: readonly string[];
        /** Whether `AZURE_FUNCTIONS_ENVIRONMENT` is `Development`, which the gate ignored. */
        readonly isDevelopmentClaimed: boolean;
      };
  readonly front_end_contradicted:
    | {
        readonly problem: 'named_twice';
        /** The name that the code gives. */
        readonly frontEnd: string;
        /** The name that the app setting gives. */
        readonly otherFrontEnd: string;
      }
    | { readonly problem: 'other_platform'; readonly frontEnd: string; readonly platformMarks: readonly string[] }
    | { readonly problem: 'proof_not_needed'; readonly frontEnd: string; readonly given: 'secret' | 'isolation' }
    | { readonly problem: 'direct_tls'; /** The name of the environment variable. */ readonly setting: string };
  readonly front_end_unproven:
    | { readonly problem: 'secret_undefined' | 'secret_empty' }
    | { readonly problem: 'no_proof'; readonly frontEnd: string };
  readonly front_end_bypassed: NoFacts;
  readonly http_streaming_ambiguous: NoFacts;
  readonly mcp_transport_unsupported: {
    readonly functionName: string;
    /** The transport. Absent if Certgate does not know it. */
    readonly transport?: string;
  };
  readonly mcp_headers_unavailable: {
    readonly functionName: string;
    readonly problem: 'transport_unnamed' | 'headers_missing' | 'called_past_gate';
  };
  readonly gate_setup_failed: { /** What was thrown. */ readonly fault: string };
  readonly gate_not_installed: {
    readonly host: 'functions' | 'server';
    /** Set if two gates of a Fastify app have let the request pass. Absent if none has. */
    readonly gates?: 'several';
  };
  readonly invocation_unknown: { readonly functionName: string };
  readonly certificate_missing:
    | {
        readonly problem: 'absent';
        /** What is absent or empty, such as the name of a header. */ readonly source: string;
      }
    | { readonly problem: 'connection_without_tls' | 'handshake_without_certificate' }
    | { readonly problem: 'mcp_trigger_unknown' | 'policy_unknown'; readonly functionName: string };
  readonly certificate_malformed: UndecodedFacts;
  readonly certificate_multiple: {
    /** How many elements Envoy's header must have. Set if it has another number of elements. */
    readonly expectedElements?: number;
    /** Set if the text after a comma may be Traefik's chain, or another line of the header. */
    readonly isPerhapsChain?: true;
  };
  readonly certificate_too_large: {
    /** The length of the text, in characters. */
    readonly length: number;
    readonly limit: number;
    /** The name of the header, if the whole header is too long. Absent if the certificate's own text is too long. */
    readonly header?: string;
  };
  readonly certificate_verification_failed: {
    readonly header: string;
    /** The first 100 characters of what the front end says in that header. Absent if the header is missing or empty. */
    readonly said?: string;
    /** What the front end says in that header about a certificate that it verified. */
    readonly accepted: string;
  };
  readonly trust_locked:
    | { readonly since: number; readonly by: string; readonly reason: string }
    /** Set if an app setting locks the app. The trust document was then not asked. */
    | { readonly setting: string };
  readonly certificate_on_deny_list: {
    readonly entry: DeniedEntry;
    /** The certificate on the certification path that is denied. Absent if the caller's own certificate is denied. */
    readonly certificate?: PathMember;
    readonly question?: AuthorityQuestion;
  };
  readonly certificate_not_trusted: StrangerFacts;
  readonly identity_ambiguous: {
    /** At least two. If two have the same name, two trust stores give it different roles or functions. */
    readonly identities: readonly MatchedIdentity[];
    /** Set if the identities come from two trust stores. */
    readonly isAcrossStores?: true;
  };
  readonly identity_disabled: IdentityFacts;
  readonly identity_expired: IdentityFacts & { readonly expiresAt: number };
  readonly pin_disabled: PinFacts;
  readonly pin_not_yet_valid: (PinFacts & { readonly notBefore: number }) | StoreInterval;
  readonly pin_expired:
    | (PinFacts & {
        readonly notAfter: number;
        /**
         * The certificate's own `notAfter`, in milliseconds since 1970-01-01T00:00:00Z. Absent if the certificate can't
         * be decoded.
         */
        readonly certificateNotAfter?: number;
        readonly isCertificateExpired?: boolean;
      })
    | StoreInterval;
  readonly trust_unavailable: { /** What the source or the store says, in one sentence. */ readonly fault: string };
  readonly certificate_not_yet_valid: UnfitClientFacts & CertificateTimes;
  readonly certificate_expired: UnfitClientFacts & CertificateTimes;
  readonly certificate_is_authority: UnfitClientFacts;
  readonly certificate_extended_key_usage_unsuitable: UnfitClientFacts & ClientAuthFacts;
  readonly certificate_key_usage_unsuitable: UnfitClientFacts & { readonly keyUsage: readonly string[] };
  readonly certificate_key_unsupported: UnfitClientFacts & KeyFacts;
  readonly certificate_key_too_weak: UnfitClientFacts & KeyFacts;
  /** With `key`, this is about the caller's own certificate; otherwise about a certification path. */
  readonly algorithm_unsupported_by_runtime: (UnfitClientFacts & KeyFacts) | PathFacts;
  readonly certificate_critical_extension_unknown: UnfitClientFacts & {
    /** Object identifiers. */
    readonly extensions: readonly string[];
  };
  readonly path_not_found: PathFacts;
  readonly path_budget_exhausted:
    | PathFacts
    | { /** How many names the certificate has. */ readonly nameCount: number; readonly limit: number };
  readonly path_signature_invalid: PathFacts;
  readonly path_certificate_malformed:
    | PathFacts
    | { /** What failed when the certificate was decoded. */ readonly fault: string };
  readonly path_certificate_not_yet_valid: PathFacts;
  readonly path_certificate_expired: PathFacts;
  readonly path_authority_unfit: PathFacts;
  readonly path_length_exceeded: PathFacts;
  readonly path_name_not_permitted: PathFacts;
  readonly path_policy_not_satisfied: PathFacts;
  readonly path_critical_extension_unknown: PathFacts;
  readonly path_key_unsupported: PathFacts;
  readonly path_key_too_weak: PathFacts;
  readonly path_algorithm_unsupported: PathFacts;
  readonly path_algorithm_too_weak: PathFacts;
  readonly path_extended_key_usage_unsuitable: PathFacts;
  /**
   * `revokedAt` is in milliseconds since 1970-01-01T00:00:00Z; absent if the time is not known. `reason` is the
   * reason's name in RFC 5280 §5.3.1.
   */
  readonly certificate_revoked: PathFacts & { readonly revokedAt?: number; readonly reason?: string };
  readonly revocation_unavailable: PathFacts | StoreInterval;
  readonly function_not_allowed: {
    readonly identity: string;
    readonly functionName: string;
    /** The functions that the identity may call, in lower case. */
    readonly functions: readonly string[];
  };
  readonly role_missing: {
    readonly identity: string;
    readonly functionName: string;
    /** The function requires one of these roles, and the identity has none of them. */
    readonly anyOf: readonly string[];
    /** The roles that the identity has. */
    readonly roles: readonly string[];
  };
  readonly internal_fault: {
    readonly problem: 'time_not_a_number' | 'context_missing' | 'failed';
    /** What was thrown. Absent unless the problem is `failed`. */
    readonly fault?: string;
  };
}

/** Why the text of a header is not a certificate. */
export type MalformedProblem =
  | 'not_der'
  | 'truncated'
  | 'trailing_bytes'
  | 'pem'
  | 'base64url'
  | 'base64_padding'
  | 'not_base64'
  | 'base64_percent_encoded'
  | 'pem_lines_unexpected'
  | 'pem_not_percent_encoded'
  | 'pem_block_cut'
  | 'not_pem_block'
  | 'forwarded_elements_forgeable'
  | 'forwarded_json'
  | 'not_forwarded_elements'
  | 'byte_sequence_empty'
  | 'not_byte_sequence';

type UndecodedFacts =
  | { readonly problem: MalformedProblem }
  /** The bytes are something other than a certificate, such as a private key. `structure` says what they are. */
  | { readonly problem: 'other_structure'; readonly structure: string }
  /** The certificate is pinned, or needs a certification path, and could not be decoded because of `fault`. */
  | { readonly problem: 'pinned_bytes' | 'path_bytes'; readonly fault: string };
