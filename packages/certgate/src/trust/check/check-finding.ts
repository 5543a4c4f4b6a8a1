import type { PinKind } from '@certgate/core/internal';

/** `error`: somebody whom the document means to admit is not. `information`: nothing to do today. */
export type CheckSeverity = 'error' | 'warning' | 'information';

/** The kind of a finding of `checkTrust`. docs/trust-administration.md lists them. */
export type CheckCode =
  | 'document_locked'
  | 'identity_without_pins'
  | 'identity_without_usable_pins'
  | 'identity_ended'
  | 'identity_ends_soon'
  | 'pin_ended'
  | 'pin_ends_soon'
  | 'pin_window_dead'
  | 'pin_not_begun'
  | 'pin_without_end'
  | 'pin_sha1'
  | 'pin_denied'
  | 'pin_certificate_unfit'
  | 'pin_accepts_without_client_auth'
  | 'client_auth_ends_at_renewal'
  | 'name_under_wildcard'
  | 'authority_unused'
  | 'authority_without_revocation'
  | 'revocation_without_source'
  | 'revocation_list_undeployed'
  | 'authority_without_usable_anchor'
  | 'authority_certificate_ended'
  | 'authority_certificate_ends_soon'
  | 'authority_certificate_not_begun'
  | 'authority_constraint_with_leading_dot'
  | 'authority_certificate_unfit'
  | 'name_not_permitted'
  | 'revocation_list_unusable'
  | 'revocation_list_ended'
  | 'revocation_list_ends_soon'
  | 'revocation_responder_unusable'
  | 'revocation_responder_not_asked'
  | 'hash_in_two_kinds'
  | 'names_look_alike';

/** What `checkTrust` reports about one place of a document. */
export interface CheckFinding {
  readonly code: CheckCode;
  readonly severity: CheckSeverity;
  /** Where in the document, e.g. `identities[3].pins[0]`. */
  readonly path: string;
  readonly identityName: string | undefined;
  readonly owner: string | undefined;
  /** Where it is about an authority; absent otherwise. */
  readonly authorityName?: string;
  /** Where an authority is why it is about several identities: their names. */
  readonly identityNames?: readonly string[];
  readonly pin: { readonly kind: PinKind; readonly value: string } | undefined;
  /** Where it is about an end: when, in milliseconds since 1970-01-01T00:00:00Z. */
  readonly endsAt: number | undefined;
  /** What it is and what to do. */
  readonly message: string;
}

/** What a check says of a finding; the rest is added in one place. */
export type FindingDraft = Pick<CheckFinding, 'code' | 'severity' | 'path' | 'message'> & Partial<CheckFinding>;
