import { type EntryWindow, formatInstant } from '@certgate/core/internal';

const millisecondsPerDay = 86_400_000;

/** `in 3 days`, or `3 days ago`: from now to a moment that lies so many milliseconds ahead. */
export function describeDays(milliseconds: number): string {
  const days = Math.floor(Math.abs(milliseconds) / millisecondsPerDay);
  const amount = days === 0 ? 'less than a day' : days === 1 ? '1 day' : `${days} days`;
  return milliseconds > 0 ? `in ${amount}` : `${amount} ago`;
}

/** `2027-03-01T00:00Z`. */
export function formatMinute(instant: number | string): string {
  return `${new Date(instant).toISOString().slice(0, 16)}Z`;
}

/** RFC 3339, as reports print a time; null if there is none. */
export function formatTime(instant: number | undefined): string | null {
  return instant === undefined ? null : formatInstant(instant);
}

/**
 * The end as the document or a certificate has it. A certificate is valid through its last second (RFC 5280 §4.1.2.5), so
 * that the gate's interval ends a millisecond later.
 */
export function toWrittenEnd(validUntil: number): number {
  return validUntil % 1000 === 1 ? validUntil - 1 : validUntil;
}

/** `from X` and `until Y`, as far as it has them. */
export function listBounds({ validFrom, validUntil }: EntryWindow): readonly string[] {
  return [
    ...(Number.isFinite(validFrom) ? [`from ${formatInstant(validFrom)}`] : []),
    ...(Number.isFinite(validUntil) ? [`until ${formatInstant(validUntil)}`] : []),
  ];
}
