import { findGraceFault, findInstant, formatInstant, type TrustDocumentPin } from '@certgate/core/internal';
import { ToolFailure } from '../../../faults/tool-failure.js';
import { describePin } from './identity-edits.js';

/** When a pin no longer accepts a certificate without clientAuth; null: from now on. */
export interface ClientAuthGraceChange {
  /** A time as the document has it. */
  readonly until: string | null;
  readonly reason: string;
  /** Milliseconds. */
  readonly now: number;
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
      { remedy: 'Remove the pin, and add it again without --issued-by.' },
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
