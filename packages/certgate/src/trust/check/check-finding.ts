import type { PinKind, TrustedIdentity, TrustPin, TrustSnapshot } from '@certgate/core/internal';
import { describePinState } from '../administration/identity-state.js';

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
  readonly identityName?: string;
  readonly owner?: string | undefined;
  /** Where it is about an authority. */
  readonly authorityName?: string;
  /** Where an authority is why it is about several identities: their names. */
  readonly identityNames?: readonly string[];
  readonly pin?: { readonly kind: PinKind; readonly value: string };
  /** Where it is about an end: when, in milliseconds since 1970-01-01T00:00:00Z. */
  readonly endsAt?: number;
  /** What it is and what to do. */
  readonly message: string;
}

const severities: readonly CheckSeverity[] = ['error', 'warning', 'information'];

/** The gravest first, then what ends first. The sort is stable: where nothing else decides, the order stays. */
export function sortFindings(findings: readonly CheckFinding[]): readonly CheckFinding[] {
  return [...findings].sort(
    (one, other) =>
      severities.indexOf(one.severity) - severities.indexOf(other.severity) ||
      compareEnds(one.endsAt ?? Number.POSITIVE_INFINITY, other.endsAt ?? Number.POSITIVE_INFINITY),
  );
}

/** Two infinities have no difference. */
function compareEnds(one: number, other: number): number {
  return one === other ? 0 : one - other;
}

/** A pin in its document. */
export interface PlacedPin {
  readonly identity: TrustedIdentity;
  readonly pin: TrustPin;
  readonly path: string;
}

/** The pins that admit somebody now or later: of what is disabled or over, nothing is to be told. */
export function listPinsInUse({ identities }: TrustSnapshot, now: number): readonly PlacedPin[] {
  return identities.flatMap((identity, index) =>
    identity.pins
      .map((pin, position) => ({ identity, pin, path: `identities[${index}].pins[${position}]` }))
      .filter(({ pin }) => identity.enabled && /^(?:active|not yet)$/.test(describePinState(pin, now))),
  );
}

/** What every finding about a pin says of its place. */
export function aboutPin({
  identity: { name, owner },
  pin: { kind, value },
  path,
}: PlacedPin): Pick<CheckFinding, 'path' | 'identityName' | 'owner' | 'pin'> {
  return { path, identityName: name, owner, pin: { kind, value } };
}
