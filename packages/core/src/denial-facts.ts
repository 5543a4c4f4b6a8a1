// What the gate knew when it refused a call, by denial code: plain data for logs of your own, for tools, and for the
// sentence (denial-sentences/). Never sent to callers. Times are in milliseconds since 1970-01-01T00:00:00Z, hashes in
// upper-case hexadecimal; texts that a caller chose are as the caller wrote them.

/** A denial that has nothing to tell beside its code. */
export type NoFacts = Readonly<Record<string, never>>;

/** A pin of the trust document. */
export interface PinEntry {
  readonly kind: 'thumbprintSha256' | 'thumbprintSha1' | 'publicKeySha256';
  readonly value: string;
  /** The authority that must have issued the certificate; absent: any may have. */
  readonly issuedBy?: string;
  readonly isDisabled?: true;
  /** [notBefore, notAfter); absent: no bound. */
  readonly notBefore?: number;
  readonly notAfter?: number;
  /** It is of the same certificate under its other ECDSA signature, so its digits are not those in the log. */
  readonly isOfTwin?: true;
}

/** A name of the trust document, under an authority. */
export interface NameEntry {
  readonly type: 'dns' | 'uri' | 'email' | 'commonName' | 'organizationalUnit';
  /** As the document compares it; a DNS name may begin with `*.`. */
  readonly value: string;
  /** The authority. */
  readonly issuedBy: string;
}

/** Which identity of the trust document the certificate has one of its names of. */
export interface NameClaim {
  readonly identity: string;
  readonly name: NameEntry;
}

/** An identity with its entries that matched the certificate. */
export interface MatchedIdentity {
  readonly identity: string;
  readonly pins: readonly PinEntry[];
  readonly names: readonly NameEntry[];
}

/** An entry of the deny list: by `thumbprintSha256`, or by `issuedBy` and `serialNumber`. */
export interface DeniedEntry {
  /** Where in the document, e.g. `denied[0]`. */
  readonly path: string;
  readonly thumbprintSha256?: string | undefined;
  /** The authority. */
  readonly issuedBy?: string | undefined;
  /** The content of the INTEGER. */
  readonly serialNumber?: string | undefined;
  readonly reason?: string | undefined;
}

/** A certificate of a certification path. */
export interface PathMember {
  /** RFC 4514. */
  readonly subject: string;
  readonly thumbprintSha256: string;
  readonly role: 'trust-anchor' | 'intermediate' | 'end-entity' | 'crl-signer';
  readonly notBefore: number;
  readonly notAfter: number;
}

/** Who asked an authority about the certificate, and what it came to. */
export interface AuthorityQuestion {
  /** As the document spells it. */
  readonly authority: string;
  /** The pin that must have been issued by it. */
  readonly pin?: PinEntry;
  /** The name that counts only under it. */
  readonly claim?: NameClaim;
  /** The authority issued the certificate, and it is refused anyway. */
  readonly isIssued?: true;
  /** A CA certificate of the authority has signed the certificate, so that its names are no stranger's, whatever is wrong. */
  readonly isSigned?: true;
}

/** A certificate revocation list, for the log. */
export interface RevocationListEntry {
  /** The CA that issued it (RFC 4514). */
  readonly issuer: string;
  /** Its CRL number, in decimal. */
  readonly number?: string;
  /** Where it was read, such as `file corp.crl`. */
  readonly source?: string;
  /** Its `nextUpdate`. */
  readonly end?: number;
}

/** Why no certification path leads to an authority. */
export interface PathFacts extends AuthorityQuestion, PathFault {}

/** What is wrong with a path, whoever asked for it. */
export interface PathFault {
  /** What path validation says, in one sentence. */
  readonly fault: string;
  /** The certificate that is at fault; absent: the path as a whole, or one that is missing. */
  readonly certificate?: PathMember;
  /** Why the CA certificates that came with the request were not used, in one sentence. */
  readonly chainFault?: string;
  /** The list that says so, or that has ended. */
  readonly list?: RevocationListEntry;
}

/** What a certificate is not fit for. */
interface UnfitFacts {
  /** What the check says, in one sentence. */
  readonly fault: string;
  /** By one of its names, whose it would be. */
  readonly claim?: NameClaim;
}

interface KeyFacts {
  /** Algorithm and size, e.g. `RSA 1024`. */
  readonly key: string;
}

/** Of a certificate without clientAuth. */
export interface ClientAuthFacts {
  /** Object identifiers. */
  readonly extendedKeyUsage: readonly string[];
  readonly grace?: GraceFacts;
  /** Why it looks like a certificate of a public CA, where it does. */
  readonly publicIssuance?: { readonly verdict: 'likely' | 'possible'; readonly evidence: readonly string[] };
}

/** A pin's `acceptWithoutClientAuth` does not help: [since, until). */
export interface GraceFacts {
  /** `path_needed`: an authority is asked too, and a path needs clientAuth. `never`: several pins have no moment in common. */
  readonly state: 'path_needed' | 'never' | 'ahead' | 'over';
  readonly since?: number;
  readonly until?: number;
}

/** Of a certificate that no identity has. */
export interface StrangerFacts {
  /** The authorities that have a CA certificate of its issuer's name, or of one that came with it; absent: none has. */
  readonly authorities?: readonly string[];
  /** Of its names, the first: together no longer than an operator reads. */
  readonly names?: readonly { readonly type: NameEntry['type']; readonly value: string }[];
  /** What of its subject is not text, and matches nobody. */
  readonly attributeWithoutText?: string;
  /** Why its names could not be compared. */
  readonly decodingFault?: string;
  /** Why the CA certificates that came with the request were not used, in one sentence. */
  readonly chainFault?: string;
}

/** Whom a certificate points to that no identity has. */
export interface StrangerClaim {
  /**
   * Why the certificate points to an identity. Only `path` is proven: an authority of the document issued it. `pin`: it is
   * a pinned certificate with its other ECDSA signature, which anybody can compute. `name`: it has a name of the identity,
   * which anybody can write into a certificate. A custom store needs `findClaim` for it.
   */
  readonly claimedBy: 'path' | 'pin' | 'name';
  /** That identity, if the document has one. This admits nobody. */
  readonly claimedIdentity?: string;
}

interface CertificateTimes {
  readonly notBefore: number;
  readonly notAfter: number;
}

/** The interval of a trust store's whole answer does not hold now; which entry bounds it is not known. */
interface StoreInterval {
  readonly identity: string;
  readonly isOfStore: true;
}

/** Of an identity that is not in force. */
export interface IdentityFacts {
  readonly identity: string;
  /** The digits of the pin, or the name, that matched the certificate. */
  readonly matched: string;
}

/** Of a pin that is not in force. */
export interface PinFacts {
  readonly identity: string;
  readonly pin: PinEntry;
  /** The identity's other pins that match the certificate, in force or not. */
  readonly others: readonly PinEntry[];
}

/** What each denial code tells, by code. */
export interface DenialFacts {
  readonly front_end_unknown:
    | { readonly problem: 'setting_not_valid'; /** In one sentence. */ readonly fault: string }
    | {
        readonly problem: 'not_named';
        readonly host: 'functions' | 'server';
        /** Variables of the environment that tell of a host. */
        readonly hostMarks: readonly string[];
        readonly isOnAzure: boolean;
        /** The names that stand to choose from. */
        readonly frontEnds: readonly string[];
        /** AZURE_FUNCTIONS_ENVIRONMENT is Development, and nothing else shows a local host. */
        readonly isDevelopmentClaimed: boolean;
      };
  readonly front_end_contradicted:
    | {
        readonly problem: 'named_twice';
        /** In code. */
        readonly frontEnd: string;
        /** By the app setting. */
        readonly otherFrontEnd: string;
      }
    | { readonly problem: 'other_platform'; readonly frontEnd: string; readonly platformMarks: readonly string[] }
    | { readonly problem: 'proof_not_needed'; readonly frontEnd: string; readonly given: 'secret' | 'isolation' }
    | { readonly problem: 'direct_tls'; /** The app setting. */ readonly setting: string };
  readonly front_end_unproven:
    | { readonly problem: 'secret_undefined' | 'secret_empty' }
    | { readonly problem: 'no_proof'; readonly frontEnd: string };
  readonly front_end_bypassed: NoFacts;
  readonly http_streaming_ambiguous: NoFacts;
  readonly mcp_transport_unsupported: {
    readonly functionName: string;
    /** Absent: one that Certgate does not know. */
    readonly transport?: string;
  };
  readonly mcp_headers_unavailable: {
    readonly functionName: string;
    readonly problem: 'transport_unnamed' | 'headers_missing' | 'called_past_gate';
  };
  readonly gate_setup_failed: { /** What was thrown. */ readonly fault: string };
  readonly gate_not_installed: { readonly host: 'functions' | 'server' };
  readonly invocation_unknown: { readonly functionName: string };
  readonly certificate_missing:
    | {
        readonly problem: 'absent';
        /** What is absent or empty, such as the name of a header. */ readonly source: string;
      }
    | { readonly problem: 'connection_without_tls' | 'handshake_without_certificate' }
    | { readonly problem: 'mcp_trigger_unknown'; readonly functionName: string };
  readonly certificate_malformed: MalformedFacts;
  readonly certificate_multiple: {
    /** Where the front end sends a list: how many elements are expected. */
    readonly expectedElements?: number;
    /** What follows a comma is Traefik's chain, or another line of the header. */
    readonly isPerhapsChain?: true;
  };
  readonly certificate_too_large: {
    /** In characters. */
    readonly length: number;
    readonly limit: number;
    /** The field, where it isn't the certificate's own. */
    readonly header?: string;
  };
  readonly certificate_verification_failed: {
    readonly header: string;
    /** What the front end says there, its first 100 characters; absent: nothing. */
    readonly said?: string;
    /** What it says of a certificate that it verified. */
    readonly accepted: string;
  };
  readonly trust_locked:
    | { readonly since: number; readonly by: string; readonly reason: string }
    /** The app setting alone; the trust document was not asked. */
    | { readonly setting: string };
  readonly certificate_on_deny_list: {
    readonly entry: DeniedEntry;
    /** The certification path leads through this certificate, which is denied; absent: the caller's own. */
    readonly certificate?: PathMember;
    readonly question?: AuthorityQuestion;
  };
  readonly certificate_not_trusted: StrangerFacts;
  readonly identity_ambiguous: {
    /** At least one; two that are one identity by name have other roles or functions in each store. */
    readonly identities: readonly MatchedIdentity[];
    /** They are of two trust stores. */
    readonly isAcrossStores?: true;
  };
  readonly identity_disabled: IdentityFacts;
  readonly identity_expired: IdentityFacts & { readonly expiresAt: number };
  readonly pin_disabled: PinFacts;
  readonly pin_not_yet_valid: (PinFacts & { readonly notBefore: number }) | StoreInterval;
  readonly pin_expired:
    | (PinFacts & {
        readonly notAfter: number;
        /** Of the certificate itself, where it can be read. */
        readonly certificateNotAfter?: number;
        readonly isCertificateExpired?: boolean;
      })
    | StoreInterval;
  readonly trust_unavailable: { /** What the source or the store says, in one sentence. */ readonly fault: string };
  readonly certificate_not_yet_valid: UnfitFacts & CertificateTimes;
  readonly certificate_expired: UnfitFacts & CertificateTimes;
  readonly certificate_is_authority: UnfitFacts;
  readonly certificate_extended_key_usage_unsuitable: UnfitFacts & ClientAuthFacts;
  readonly certificate_key_usage_unsuitable: UnfitFacts & { readonly keyUsage: readonly string[] };
  readonly certificate_key_unsupported: UnfitFacts & KeyFacts;
  readonly certificate_key_too_weak: UnfitFacts & KeyFacts;
  /** `key`: of the caller's own certificate; otherwise a path's. */
  readonly algorithm_unsupported_by_runtime: (UnfitFacts & KeyFacts) | PathFacts;
  readonly certificate_critical_extension_unknown: UnfitFacts & {
    /** Object identifiers. */
    readonly extensions: readonly string[];
  };
  readonly path_not_found: PathFacts;
  readonly path_budget_exhausted:
    PathFacts | { /** How many names the certificate has. */ readonly nameCount: number; readonly limit: number };
  readonly path_signature_invalid: PathFacts;
  readonly path_certificate_malformed: PathFacts | { /** Of the decoding. */ readonly fault: string };
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
  /** `revokedAt` and `reason`: absent where only a trust store of the app's says it. */
  readonly certificate_revoked: PathFacts & { readonly revokedAt?: number; readonly reason?: string };
  readonly revocation_unavailable: PathFacts | StoreInterval;
  readonly function_not_allowed: {
    readonly identity: string;
    readonly functionName: string;
    /** What it may call, in lower case. */
    readonly functions: readonly string[];
  };
  readonly role_missing: {
    readonly identity: string;
    readonly functionName: string;
    /** One of these is required, and none of them is there. */
    readonly anyOf: readonly string[];
    /** Those of the identity. */
    readonly roles: readonly string[];
  };
  readonly internal_fault: {
    readonly problem: 'time_not_a_number' | 'context_missing' | 'failed';
    /** What was thrown, where it `failed`. */
    readonly fault?: string;
  };
}

/** What the text of a header is, in place of a certificate. */
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

type MalformedFacts =
  | { readonly problem: MalformedProblem }
  /** Something else than a certificate, such as a private key: what it is. */
  | { readonly problem: 'other_structure'; readonly structure: string }
  /** It is pinned, or would need a path, and decoding it failed with `fault`. */
  | { readonly problem: 'pinned_bytes' | 'path_bytes'; readonly fault: string };
