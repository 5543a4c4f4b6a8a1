/** A difference between `openssl verify -x509_strict -purpose sslclient` and our strict profile, with its reason. */
export interface Disagreement {
  /** The names in `chain-flaws` of flaws that lead to the difference. Each of them is enough. */
  readonly flaws: readonly string[];
  /** Our code if only we refuse the chain. `theirs` has OpenSSL's words if only OpenSSL does. */
  readonly ours?: string;
  readonly theirs?: string;
  readonly why: string;
}

export const disagreements: readonly Disagreement[] = [
  {
    flaws: ['serial number zero', 'serial number of 21 octets'],
    ours: 'path_certificate_malformed',
    why: 'RFC 5280 §4.1.2.2 wants a positive serial number of 20 octets at most; OpenSSL takes any. Ours is closed.',
  },
  {
    flaws: ['a CA as caller'],
    ours: 'path_authority_unfit',
    why: 'A CA must not act as a client: the design of the strict profile. Ours is closed.',
  },
  {
    flaws: ['constraints on a caller'],
    ours: 'path_certificate_malformed',
    why: 'RFC 5280 §4.2.1.10: name constraints must be in CA certificates only. Ours is closed.',
  },
  {
    flaws: ['key encipherment only'],
    theirs: 'unsuitable certificate purpose',
    why: 'What a caller’s own key usage must allow is certificate-verification’s question, which is asked of every caller, pinned ones too; it refuses this one (certificate_key_usage_unsuitable).',
  },
  {
    flaws: ['for any use'],
    theirs: 'unsuitable certificate purpose',
    why: 'anyExtendedKeyUsage in a CA certificate limits nothing (RFC 5280 §4.2.1.12); OpenSSL doesn’t know it for TLS. In a caller’s both refuse it.',
  },
  {
    flaws: ['another authority key identifier'],
    theirs: 'unable to get local issuer certificate',
    why: 'Key identifiers help to find the issuer (RFC 5280 §4.2.1.1) and are not part of validation (§6.1): name and signature decide.',
  },
];
