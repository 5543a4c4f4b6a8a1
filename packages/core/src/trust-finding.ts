import { formatInstant } from './encoding/timestamp.js';
import type { DenialCode } from './denial.js';
import type { PresentedCertificate } from './presented-certificate.js';
import { type PinKind, type PinnedIdentity, type TrustSnapshot, pinKinds } from './trust-snapshot.js';

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
    }
  | {
      /** A match that denies: nothing falls through to another rule or store. */
      readonly outcome: 'denied';
      readonly code: PinDenialCode;
      readonly detail: string;
      readonly identityName?: string;
    }
  | { readonly outcome: 'notFound' }
  | { readonly outcome: 'unavailable'; readonly detail: string };

export interface FoundIdentity {
  readonly name: string;
  readonly roles: readonly string[];
  /** Absent: every function; empty: none. */
  readonly functions?: readonly string[] | undefined;
  /** Who answers for it; for the log. */
  readonly owner?: string | undefined;
}

export type PinDenialCode = Extract<DenialCode, `pin_${string}` | `identity_${string}`> | 'certificate_on_deny_list';

const notFound: TrustFinding = Object.freeze({ outcome: 'notFound' });

/**
 * Looks a certificate up in a snapshot at `now` (milliseconds). All matches are computed, and any that denies, denies.
 * The dearer hashes are worked out only where the document holds pins of that kind.
 */
export function findInSnapshot(snapshot: TrustSnapshot, certificate: PresentedCertificate, now: number): TrustFinding {
  const denied = findDenied(snapshot, certificate);
  if (denied !== undefined) return denied;
  const matches = findPins(snapshot, certificate);
  const [first] = matches;
  if (first === undefined) return notFound;
  const stranger = matches.find(({ identity }) => identity !== first.identity);
  if (stranger !== undefined) {
    return denyPin(
      'identity_ambiguous',
      `The certificate is pinned for two identities, "${first.identity.name}" and "${stranger.identity.name}"; leave it in one.`,
    );
  }
  for (const match of matches) {
    const denial = findMatchDenial(match, now);
    if (denial !== undefined) return denial;
  }
  return describeMatch(first, matches);
}

const noPins: readonly PinnedIdentity[] = Object.freeze([]);

/** A loop that makes nothing for a stranger, whose refusal is to cost little more than one hash. */
function findPins(snapshot: TrustSnapshot, certificate: PresentedCertificate): readonly PinnedIdentity[] {
  let found = noPins;
  for (const kind of pinKinds) {
    const pin = findPin(snapshot, kind, certificate);
    if (pin !== undefined) found = [...found, pin];
  }
  return found;
}

function findPin(
  snapshot: TrustSnapshot,
  kind: PinKind,
  certificate: PresentedCertificate,
): PinnedIdentity | undefined {
  const pins = snapshot.pins[kind];
  if (pins.size === 0) return undefined;
  const value = certificate[kind];
  const pinned = value === undefined ? undefined : pins.get(value);
  // Who issued a certificate isn't looked at here: a pin that asks for it matches nothing.
  return pinned?.pin.issuedBy === undefined ? pinned : undefined;
}

function findDenied({ denied }: TrustSnapshot, { thumbprintSha256 }: PresentedCertificate): TrustFinding | undefined {
  const entry = denied.thumbprintsSha256.get(thumbprintSha256);
  if (entry === undefined) return undefined;
  const reason = entry.reason === undefined ? '' : `: ${entry.reason}`;
  return denyPin('certificate_on_deny_list', `The certificate is on the trust document's deny list${reason}.`);
}

function findMatchDenial({ identity, pin }: PinnedIdentity, now: number): TrustFinding | undefined {
  const { name } = identity;
  if (!identity.enabled) {
    return denyPin('identity_disabled', `The identity "${name}" is disabled in the trust document.`, name);
  }
  // Here and below: written so that a time which is no number is outside the window.
  if (identity.expiresAt !== undefined && !(now < identity.expiresAt)) {
    return denyPin(
      'identity_expired',
      `The identity "${name}" ended at ${formatInstant(identity.expiresAt)} (expiresAt).`,
      name,
    );
  }
  if (!pin.enabled) return denyPin('pin_disabled', `This pin of "${name}" is disabled in the trust document.`, name);
  if (pin.notBefore !== undefined && !(now >= pin.notBefore)) {
    return denyPin(
      'pin_not_yet_valid',
      `This pin of "${name}" begins at ${formatInstant(pin.notBefore)} (notBefore).`,
      name,
    );
  }
  if (pin.notAfter !== undefined && !(now < pin.notAfter)) {
    return denyPin('pin_expired', `This pin of "${name}" ended at ${formatInstant(pin.notAfter)} (notAfter).`, name);
  }
  return undefined;
}

function describeMatch({ identity, pin }: PinnedIdentity, matches: readonly PinnedIdentity[]): TrustFinding {
  const starts = matches.flatMap((match) => match.pin.notBefore ?? []);
  const ends = [
    ...matches.flatMap((match) => match.pin.notAfter ?? []),
    ...(identity.expiresAt === undefined ? [] : [identity.expiresAt]),
  ];
  return {
    outcome: 'found',
    identity,
    matchedBy: pin.kind,
    validFrom: Math.max(Number.NEGATIVE_INFINITY, ...starts),
    validUntil: Math.min(Number.POSITIVE_INFINITY, ...ends),
  };
}

function denyPin(code: PinDenialCode, detail: string, identityName?: string): TrustFinding {
  return { outcome: 'denied', code, detail, ...(identityName === undefined ? {} : { identityName }) };
}
