import { formatInstant } from '../encoding/timestamp.js';

/** In milliseconds since 1970-01-01T00:00:00Z. */
export interface ValidityTimes {
  readonly notBefore: number;
  readonly notAfter: number;
}

/** Completes a sentence about a certificate that is not valid yet. */
export function describeBeginning(times: ValidityTimes): string {
  return describeReversed(times) ?? `is valid from ${formatInstant(times.notBefore)}`;
}

/** Completes a sentence about a certificate that is no longer valid. */
export function describeExpiry(times: ValidityTimes): string {
  return describeReversed(times) ?? `expired at ${formatInstant(times.notAfter)}`;
}

/** Undefined unless the certificate ends before it begins. */
function describeReversed({ notBefore, notAfter }: ValidityTimes): string | undefined {
  if (notAfter >= notBefore) return undefined;
  return `ends at ${formatInstant(notAfter)}, before it begins (${formatInstant(notBefore)}), so it is never valid`;
}
