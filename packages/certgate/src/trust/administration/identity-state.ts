import type { TrustedIdentity, TrustPin } from '@certgate/core/internal';

export type IdentityState = 'active' | 'disabled' | 'ended' | 'no usable pin';

/** What stands in an identity's way at `now` (milliseconds), the first thing first. */
export function describeIdentityState(identity: TrustedIdentity, now: number): IdentityState {
  if (!identity.enabled) return 'disabled';
  if (identity.expiresAt !== undefined && identity.expiresAt <= now) return 'ended';
  const isRecognised = identity.names.length > 0 || listUsablePins(identity, now).length > 0;
  return isRecognised ? 'active' : 'no usable pin';
}

export function listUsablePins({ pins }: TrustedIdentity, now: number): readonly TrustPin[] {
  return pins.filter((pin) => describePinState(pin, now) === 'active');
}

export type PinState = 'active' | 'disabled' | 'ended' | 'not yet';

export function describePinState({ enabled, notBefore, notAfter }: TrustPin, now: number): PinState {
  if (!enabled) return 'disabled';
  if (notAfter !== undefined && notAfter <= now) return 'ended';
  return notBefore !== undefined && notBefore > now ? 'not yet' : 'active';
}

/** When something of the identity ends next: itself, or a pin that is in use or will be. */
export function findEarliestEnd(identity: TrustedIdentity, now: number): number | undefined {
  const ends = identity.pins.filter(({ enabled }) => enabled).map(({ notAfter }) => notAfter);
  const coming = [...ends, identity.expiresAt].filter((end) => end !== undefined).filter((end) => end > now);
  return coming.length === 0 ? undefined : Math.min(...coming);
}
