import {
  findGraceFault,
  findInstant,
  formatInstant,
  type TrustDocument,
  type TrustDocumentPin,
} from '@certgate/core/internal';
import { ToolFailure } from '#local/tool-failure.js';
import { changePins, nameWholePin } from './identity-edits.js';

/** Sets until when a pin accepts a certificate without clientAuth. */
export interface ClientAuthGraceChange {
  /** A time in the form that the document has. Null if the pin must not accept such a certificate any more. */
  readonly until: string | null;
  readonly reason: string;
  /** The present time, in milliseconds since 1970-01-01T00:00:00Z. */
  readonly now: number;
}

/**
 * A change of a pin's window. An absent member leaves its value unchanged; null removes the value. Times have the form
 * that the document has.
 */
export interface PinWindowChange {
  readonly notBefore?: string | null;
  readonly notAfter?: string | null;
  /** The name of an authority of the document; null to accept any issuer. */
  readonly issuedBy?: string | null;
  readonly grace?: ClientAuthGraceChange;
}

/**
 * Changes the window of some pins of an identity in one edit, so that no document in between lacks them.
 *
 * @param pins the first digits of the pins' hashes, at least eight of each
 * @throws {ToolFailure} if the identity or a pin is not found, if a window contains no moment, if a pin of a public key
 * has neither an end nor an authority, or if a document may not contain the grace.
 */
export function setPinWindow(
  document: TrustDocument,
  name: string,
  pins: readonly string[],
  change: PinWindowChange,
): TrustDocument {
  return changePins(document, name, pins, (pin) => expectUsableWindow(name, withWindow(pin, change)));
}

function withWindow(pin: TrustDocumentPin, change: PinWindowChange): TrustDocumentPin {
  const { grace, ...bounds } = change;
  const entries = Object.entries({ ...pin, ...bounds }).filter(([, value]) => value !== null);
  const changed = Object.fromEntries(entries) as TrustDocumentPin;
  return grace === undefined ? changed : withClientAuthGrace(changed, grace);
}

/**
 * Refuses windows that the document's reader refuses too, but with messages for the command line instead of for the
 * author of a document.
 */
function expectUsableWindow(name: string, pin: TrustDocumentPin): TrustDocumentPin {
  const { notBefore, notAfter, publicKeySha256, issuedBy } = pin;
  const [start, end] = [notBefore, notAfter].map((text) => (text === undefined ? undefined : findInstant(text)));
  if (start !== undefined && end !== undefined && start >= end) {
    throw new ToolFailure(
      `The pin ${nameWholePin(pin)} of ${JSON.stringify(name)} would begin at ${formatInstant(start)} and end at ${formatInstant(end)}, so it would never be valid. Nothing was written.`,
      { remedy: 'Pass a --not-before that is earlier than --not-after, or remove one of them with none.' },
    );
  }
  if (publicKeySha256 !== undefined && notAfter === undefined && issuedBy === undefined) {
    throw new ToolFailure(
      `The pin ${nameWholePin(pin)} of ${JSON.stringify(name)} needs an end, because anybody who has the key can create certificates with any dates. Nothing was written.`,
      { remedy: 'Pass a time with --not-after.' },
    );
  }
  return pin;
}

/**
 * Sets or removes the grace of a pin. A grace that has not ended keeps its beginning, so that its 90 days do not begin
 * anew with every change.
 *
 * @throws {ToolFailure} if a grace is set that a document may not contain (it lasts more than 90 days, for example), or
 * is set for a pin with `issuedBy`.
 */
export function withClientAuthGrace(
  pin: TrustDocumentPin,
  { until, reason, now }: ClientAuthGraceChange,
): TrustDocumentPin {
  const { acceptWithoutClientAuth: old, ...rest } = pin;
  if (until === null) return rest;
  if (pin.issuedBy !== undefined) {
    throw new ToolFailure(
      `The pin ${nameWholePin(pin)} has an authority (issuedBy), and a path to an authority needs clientAuth in any case.`,
      { remedy: 'If any issuer will do: --issued-by none' },
    );
  }
  const oldEnd = old && findInstant(old.until);
  const isRunning = old !== undefined && oldEnd !== undefined && now < oldEnd;
  // Rounded down to a whole second, so that the document's time has no fraction.
  const begin = Math.floor(Math.max(now, findInstant(pin.notBefore ?? '') ?? now) / 1000) * 1000;
  const since = isRunning ? old.since : formatInstant(begin);
  const [start, end] = [findInstant(since), findInstant(until)];
  const fault = start === undefined || end === undefined ? undefined : findGraceFault({ since: start, until: end });
  if (fault !== undefined) {
    throw new ToolFailure(`The pin ${nameWholePin(pin)} can't accept that until ${until}: ${fault}.`, {
      remedy: `Pass a time that is later than ${since}, and at most 90 days after it.`,
    });
  }
  return { ...rest, acceptWithoutClientAuth: { since, until, reason } };
}
