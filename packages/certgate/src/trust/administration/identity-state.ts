import {
  type EntryStanding,
  findEntryWindows,
  type Standing,
  type StandingCode,
  type TrustedIdentity,
  type TrustPin,
  type TrustSnapshot,
} from '@certgate/core/internal';
import { toWrittenEnd } from '../../texts/time-words.js';

// The gate's standings in words. A document does not show what a certificate's own bytes decide, so "active" only says
// that the document lets the identity in. `trust explain` asks the gate with a certificate.

/** Why every entry of an identity is refused, or `active` if one is not. */
export type IdentityState =
  | 'active'
  | 'locked'
  | 'denied'
  | 'disabled'
  | 'ended'
  | 'authority not yet'
  | 'authority ended'
  | 'no usable pin or name';

/** The first reason why a pin or a name is refused, or `active` if there is none. */
export type EntryState =
  | Exclude<IdentityState, 'no usable pin or name'>
  | 'identity disabled'
  | 'identity ended'
  | 'not yet';

/** For each reason, the word for an identity and the word for one of its entries. */
const words: Readonly<Record<StandingCode, readonly [IdentityState, EntryState]>> = {
  trust_locked: ['locked', 'locked'],
  certificate_on_deny_list: ['denied', 'denied'],
  identity_disabled: ['disabled', 'identity disabled'],
  identity_expired: ['ended', 'identity ended'],
  pin_disabled: ['no usable pin or name', 'disabled'],
  pin_not_yet_valid: ['no usable pin or name', 'not yet'],
  pin_expired: ['no usable pin or name', 'ended'],
  path_certificate_not_yet_valid: ['authority not yet', 'authority not yet'],
  path_certificate_expired: ['authority ended', 'authority ended'],
  // This code is for an identity without entries.
  certificate_not_trusted: ['no usable pin or name', 'disabled'],
};

/**
 * Why everybody with this identity is refused; `active` if the document lets somebody in. "No usable pin or name" covers
 * entries with different reasons, pins that are disabled or outside their own times, and an identity without entries.
 */
export function describeIdentityState({ entries, reasons }: Standing): IdentityState {
  const [code] = reasons;
  if (code === undefined) return 'active';
  const states = new Set(entries.map((entry) => words[entry.reasons[0] ?? code][0]));
  const [state = words[code][0]] = states;
  return states.size > 1 ? 'no usable pin or name' : state;
}

export function describeEntryState({ reasons: [code] }: Pick<EntryStanding, 'reasons'>): EntryState {
  return code === undefined ? 'active' : words[code][1];
}

/**
 * The next end of an entry that admits callers now or later, leaving a lock aside, in milliseconds since
 * 1970-01-01T00:00:00Z. The end may be the entry's own, its identity's or its authority's. Undefined if there is none.
 */
export function findEarliestEnd({ entries }: Standing, now: number): number | undefined {
  const ends = entries.flatMap(({ windows }) => windows.map(({ validUntil }) => validUntil));
  const next = Math.min(...ends.filter((end) => end > now));
  return Number.isFinite(next) ? toWrittenEnd(next) : undefined;
}

/** Whether the pin can admit a caller now or later, leaving a lock of the document aside. */
export function isPinInUse(snapshot: TrustSnapshot, identity: TrustedIdentity, pin: TrustPin, now: number): boolean {
  return findEntryWindows(snapshot, { identity, pin }).some(({ validUntil }) => validUntil > now);
}
