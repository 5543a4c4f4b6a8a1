import type { PinKind, TrustedIdentity, TrustPin, TrustSnapshot } from '@certgate/core/internal';
import { isPinInUse } from '../administration/identity-state.js';

/** `error`: the gate refuses somebody whom the document means to admit. `information`: there is nothing to do today. */
export type CheckSeverity = 'error' | 'warning' | 'information';

/** The kind of a finding about a trust document, with its severity. docs/errors.md lists them. */
export type CheckCode =
  /** warning: The document is locked, so nobody is admitted. */
  | 'document_locked'
  /** warning: The identity has no pin and no name under an authority, so nobody can be it. */
  | 'identity_without_pins'
  /** error: The identity has no name, and none of its pins admits anybody now or later. A warning if every pin is disabled or denied. */
  | 'identity_without_usable_pins'
  /** warning: The identity has ended. */
  | 'identity_ended'
  /** warning: The identity ends soon. */
  | 'identity_ends_soon'
  /** warning: The pin has ended. */
  | 'pin_ended'
  /** warning: The pin ends soon. For information if another pin follows. */
  | 'pin_ends_soon'
  /** error: The identity ends before the pin begins, or at that moment. */
  | 'pin_window_dead'
  /** information: The pin is not valid yet. */
  | 'pin_not_begun'
  /**
   * information: The pin has neither an end nor an authority, so the document doesn't say when the certificate ends.
   */
  | 'pin_without_end'
  /** warning: The pin uses SHA-1. Replace it with thumbprintSha256. */
  | 'pin_sha1'
  /** warning: The pin is on the deny list. */
  | 'pin_denied'
  /** error: The gate refuses the pinned certificate in any case. A warning for the pin of a key, and if only this Node.js cannot verify it. */
  | 'pin_certificate_unfit'
  /**
   * warning: The pin accepts a certificate without clientAuth for a limited time, or did so until a time that is over.
   */
  | 'pin_accepts_without_client_auth'
  /** warning: The certificate or authority looks like one of a public CA, so the next certificate will be refused. For information if this is only possible. */
  | 'client_auth_ends_at_renewal'
  /** error: A wildcard of another identity matches this name too, so its certificates are refused as ambiguous. */
  | 'name_under_wildcard'
  /** warning: No name and no pin refers to the authority. */
  | 'authority_unused'
  /** information: The authority has revocation off. Keep the lifetimes of its certificates short, or name a source. */
  | 'authority_without_revocation'
  /** information: The authority requires revocation checks but names no source. This is right only if your code passes one. */
  | 'revocation_without_source'
  /** warning: The list is under .certgate, which is never deployed. */
  | 'revocation_list_undeployed'
  /** error: Every trust anchor of the authority has expired or is on the deny list. */
  | 'authority_without_usable_anchor'
  /** warning: A CA certificate of the authority has expired. For information if another one of the same name stays valid. */
  | 'authority_certificate_ended'
  /** warning: A CA certificate of the authority expires soon. For information if another one of the same name stays valid. */
  | 'authority_certificate_ends_soon'
  /** information: A CA certificate of the authority is not valid yet. */
  | 'authority_certificate_not_begun'
  /** warning: A CA certificate of the authority is on the deny list. */
  | 'authority_certificate_denied'
  /** warning: A DNS name constraint begins with a dot, so every DNS name below it is refused. */
  | 'authority_constraint_with_leading_dot'
  /** error: The gate admits nobody below this CA certificate. A warning if only this Node.js cannot verify it. */
  | 'authority_certificate_unfit'
  /** error: The name constraints of every trust anchor exclude the name. A warning if only those of the intermediates do. */
  | 'name_not_permitted'
  /** error: With --revocation: apps cannot use a list of the authority. A warning if the mode is not required. */
  | 'revocation_list_unusable'
  /** error: With --revocation: a list has ended. A warning if the mode is not required. */
  | 'revocation_list_ended'
  /** warning: With --revocation: a list ends soon, and its source has no newer one. */
  | 'revocation_list_ends_soon'
  /** error: With --revocation: the responder gave no answer that apps can use. A warning if the mode is not required. */
  | 'revocation_responder_unusable'
  /** information: With --revocation: there is no certificate to ask the responder about. */
  | 'revocation_responder_not_asked'
  /** warning: The same hash is pinned as a certificate and as a key, so one of them is in the wrong place. */
  | 'hash_in_two_kinds'
  /** warning: People can confuse the names of two identities. For information: two roles of one identity differ only in letter case. */
  | 'names_look_alike';

/** What a check reports about one place of a document. */
export interface CheckFinding {
  readonly code: CheckCode;
  readonly severity: CheckSeverity;
  /** The place in the document, e.g. `identities[3].pins[0]`. */
  readonly path: string;
  readonly identityName?: string;
  readonly owner?: string | undefined;
  /** The name of the authority that the finding is about; absent in other findings. */
  readonly authorityName?: string;
  /** The names of the identities that a finding about the CA of an authority concerns; absent in other findings. */
  readonly identityNames?: readonly string[];
  readonly pin?: { readonly kind: PinKind; readonly value: string };
  /** When something ends, in milliseconds since 1970-01-01T00:00:00Z; absent unless the finding is about an end. */
  readonly endsAt?: number;
  /** What was found, and what to do about it. */
  readonly message: string;
}

const severities: readonly CheckSeverity[] = ['error', 'warning', 'information'];

/** Sorts the gravest first, then what ends first. The sort is stable, so that others keep their order. */
export function sortFindings(findings: readonly CheckFinding[]): readonly CheckFinding[] {
  return [...findings].sort(
    (one, other) =>
      severities.indexOf(one.severity) - severities.indexOf(other.severity) ||
      compareEnds(one.endsAt ?? Number.POSITIVE_INFINITY, other.endsAt ?? Number.POSITIVE_INFINITY),
  );
}

/** The difference of two infinities is not a number. */
function compareEnds(one: number, other: number): number {
  return one === other ? 0 : one - other;
}

/** A pin and its place in the document. */
export interface PlacedPin {
  readonly identity: TrustedIdentity;
  readonly pin: TrustPin;
  readonly path: string;
}

/** The pins that can admit a caller now or later. Pins that are disabled, denied or over are not worth a finding. */
export function listPinsInUse(snapshot: TrustSnapshot, now: number): readonly PlacedPin[] {
  return snapshot.identities.flatMap((identity, index) =>
    identity.pins
      .map((pin, position) => ({ identity, pin, path: `identities[${index}].pins[${position}]` }))
      .filter(({ pin }) => isPinInUse(snapshot, identity, pin, now)),
  );
}

/** The members that every finding about a pin has. */
export function aboutPin({
  identity: { name, owner },
  pin: { kind, value },
  path,
}: PlacedPin): Pick<CheckFinding, 'path' | 'identityName' | 'owner' | 'pin'> {
  return { path, identityName: name, owner, pin: { kind, value } };
}
