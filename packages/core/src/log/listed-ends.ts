import { isEndingSoon } from '@certgate/x509/internal';
import { findEntrySpan, isPinDenied } from '../trust-snapshot/find-in-snapshot.js';
import type { TrustedIdentity, TrustPin, TrustSnapshot } from '../trust-snapshot/trust-snapshot.js';
import type { LoggingCall } from './decision-channel.js';
import { createListedEndLine } from './expiry-lines.js';
import { formatLogLine } from './log-text.js';

const dayMilliseconds = 86_400_000;
/** About how many pins one call looks at. A document may have a hundred thousand, which would delay that call. */
const maximumLooks = 1_000;
const maximumLines = 10;
/** The limit of lines in a day, because all entries of an imported list may end at once. */
const maximumLinesOfDay = 500;

/**
 * Warns once a day about callers whose access the trust document ends soon, even if they have not called. Each call
 * looks at the next part of the document.
 */
export class ListedEnds {
  #beganAt = Number.NEGATIVE_INFINITY;
  #left: readonly TrustSnapshot[] = [];
  #index = 0;
  #linesOfDay = 0;

  /**
   * Runs for each decided call; `now` is in milliseconds since 1970-01-01T00:00:00Z. `hasLine`: whether a call with the
   * certificate of this thumbprint has led to a line today.
   */
  note(
    context: LoggingCall,
    list: () => readonly TrustSnapshot[],
    hasLine: (thumbprintSha256: string, now: number) => boolean,
    now: number,
  ): void {
    if (this.#left.length === 0) this.#begin(list, now);
    let lines = 0;
    for (let looks = 0; looks < maximumLooks && lines < maximumLines;) {
      const identity = this.#takeNext();
      const [trust] = this.#left;
      if (trust === undefined || identity === undefined) return;
      looks += Math.max(identity.pins.length, 1);
      const end = this.#linesOfDay < maximumLinesOfDay ? findListedEnd(trust, identity, now) : undefined;
      if (end === undefined || (end.thumbprintSha256 !== undefined && hasLine(end.thumbprintSha256, now))) continue;
      lines += 1;
      this.#linesOfDay += 1;
      context.warn(formatLogLine(createListedEndLine(identity, end, now)));
    }
  }

  #begin(list: () => readonly TrustSnapshot[], now: number): void {
    // If the clock was set back by a day or more, this is another day.
    if (Math.abs(now - this.#beganAt) < dayMilliseconds) return;
    this.#left = list();
    if (this.#left.length === 0) return;
    this.#beganAt = now;
    this.#index = 0;
    this.#linesOfDay = 0;
  }

  /** The next identity of the documents that are left. */
  #takeNext(): TrustedIdentity | undefined {
    for (; this.#left.length > 0; this.#left = this.#left.slice(1), this.#index = 0) {
      const identity = this.#left[0]?.identities[this.#index];
      this.#index += 1;
      if (identity !== undefined) return identity;
    }
    return undefined;
  }
}

interface ListedEnd {
  readonly endsAt: number;
  /** Whether `endsAt` was taken from a pin. Otherwise the identity's own end decides. */
  readonly isOfPin: boolean;
  /** The SHA-256 thumbprint of the pin that `endsAt` was taken from. Undefined if there is none, or of another hash. */
  readonly thumbprintSha256: string | undefined;
}

/**
 * When the document's last entry for the identity ends, if that is soon. While one pin lasts, the end of another does
 * not matter, because certificates are rotated that way. A name has no end of its own.
 */
function findListedEnd(trust: TrustSnapshot, identity: TrustedIdentity, now: number): ListedEnd | undefined {
  const { pins, names } = identity;
  let last: TrustPin | undefined;
  let span = names.length > 0 ? findEntrySpan({ identity, pin: undefined }) : undefined;
  for (const pin of pins) {
    const own = findEntrySpan({ identity, pin });
    if ((span !== undefined && own.validUntil <= span.validUntil) || isPinDenied(trust, pin)) continue;
    span = own;
    last = pin;
  }
  if (span === undefined) return undefined;
  const { validUntil: endsAt } = span;
  const isOfPin = last?.notAfter === endsAt;
  const begin = isOfPin ? span.validFrom : Number.NEGATIVE_INFINITY;
  if (!Number.isFinite(endsAt) || !(now < endsAt) || !isEndingSoon(begin, endsAt, now)) return undefined;
  return { endsAt, isOfPin, thumbprintSha256: isOfPin && last?.kind === 'thumbprintSha256' ? last.value : undefined };
}
