import {
  findGraceFault,
  findInstant,
  formatInstant,
  type TrustDocument,
  type TrustDocumentPin,
} from '@certgate/core/internal';
import { ToolFailure } from '../../../faults/tool-failure.js';
import { changePins, describePin } from './identity-edits.js';

/** When a pin no longer accepts a certificate without clientAuth; null: from now on. */
export interface ClientAuthGraceChange {
  /** A time as the document has it. */
  readonly until: string | null;
  readonly reason: string;
  /** Milliseconds. */
  readonly now: number;
}

/** Absent: the bound stays as it is. Null: the pin has no such bound any more. Times are as the document has them. */
export interface PinWindowChange {
  readonly notBefore?: string | null;
  readonly notAfter?: string | null;
  /** An authority of the document; null: any issuer. */
  readonly issuedBy?: string | null;
  readonly grace?: ClientAuthGraceChange;
}

/**
 * Gives pins of an identity another window, in one edit: there is no document in between without them.
 *
 * @param pins the first digits of their hashes, eight at least
 * @throws {ToolFailure} for a window that no moment is in, for a pin of a public key without an end, and for a grace that
 * no document may have.
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

/** The document's reader refuses these too, but in words for whoever wrote the document by hand. */
function expectUsableWindow(name: string, pin: TrustDocumentPin): TrustDocumentPin {
  const { notBefore, notAfter, publicKeySha256, issuedBy } = pin;
  const [start, end] = [notBefore, notAfter].map((text) => (text === undefined ? undefined : findInstant(text)));
  if (start !== undefined && end !== undefined && start >= end) {
    throw new ToolFailure(
      `The pin ${describePin(pin)} of ${JSON.stringify(name)} would begin at ${formatInstant(start)} and end at ${formatInstant(end)}, so it would never be valid. Nothing was written.`,
      { remedy: 'Pass a --not-before that is earlier than --not-after, or remove one of them with none.' },
    );
  }
  if (publicKeySha256 !== undefined && notAfter === undefined && issuedBy === undefined) {
    throw new ToolFailure(
      `The pin ${describePin(pin)} of ${JSON.stringify(name)} needs an end, because anybody who has the key can create certificates with any dates. Nothing was written.`,
      { remedy: 'Pass a time with --not-after.' },
    );
  }
  return pin;
}

/**
 * One that is running keeps its beginning, so that its 90 days do not begin anew with every change.
 *
 * @throws {ToolFailure} for more than 90 days, and for a pin with `issuedBy`.
 */
export function withClientAuthGrace(
  pin: TrustDocumentPin,
  { until, reason, now }: ClientAuthGraceChange,
): TrustDocumentPin {
  const { acceptWithoutClientAuth: old, ...rest } = pin;
  if (until === null) return rest;
  if (pin.issuedBy !== undefined) {
    throw new ToolFailure(
      `The pin ${describePin(pin)} has an authority (issuedBy), and a path to an authority needs clientAuth in any case.`,
      { remedy: 'If any issuer will do: --issued-by none' },
    );
  }
  const oldEnd = old && findInstant(old.until);
  const isRunning = old !== undefined && oldEnd !== undefined && now < oldEnd;
  // Documents have whole seconds.
  const begin = Math.floor(Math.max(now, findInstant(pin.notBefore ?? '') ?? now) / 1000) * 1000;
  const since = isRunning ? old.since : formatInstant(begin);
  const [start, end] = [findInstant(since), findInstant(until)];
  const fault = start === undefined || end === undefined ? undefined : findGraceFault({ since: start, until: end });
  if (fault !== undefined) {
    throw new ToolFailure(`The pin ${describePin(pin)} can't accept that until ${until}: ${fault}.`, {
      remedy: `Pass a time that is later than ${since}, and at most 90 days after it.`,
    });
  }
  return { ...rest, acceptWithoutClientAuth: { since, until, reason } };
}
