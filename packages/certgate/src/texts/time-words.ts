import { type EntryWindow, formatInstant } from '@certgate/core/internal';

const millisecondsPerDay = 86_400_000;

/** A duration in milliseconds from now, in words: `in 3 days` if it is positive, otherwise `3 days ago`. */
export function describeDays(milliseconds: number): string {
  const days = Math.floor(Math.abs(milliseconds) / millisecondsPerDay);
  const amount = days === 0 ? 'less than a day' : days === 1 ? '1 day' : `${days} days`;
  return milliseconds > 0 ? `in ${amount}` : `${amount} ago`;
}

/** A time in UTC to the minute, such as `2027-03-01T00:00Z`. */
export function formatMinute(instant: number | string): string {
  return `${new Date(instant).toISOString().slice(0, 16)}Z`;
}

/** A time in the form of RFC 3339 for a report, or null if `instant` is undefined. */
export function formatOptionalTime(instant: number | undefined): string | null {
  return instant === undefined ? null : formatInstant(instant);
}

/**
 * The end of validity as the document or certificate writes it, in milliseconds since 1970-01-01T00:00:00Z. A
 * certificate is valid through its last second (RFC 5280 §4.1.2.5), so the gate's interval ends one millisecond after
 * the written end.
 */
export function toWrittenEnd(validUntil: number): number {
  return validUntil % 1000 === 1 ? validUntil - 1 : validUntil;
}

/** The window's bounds in words: `from X` and `until Y`, each only if the window has that bound. */
export function listBounds({ validFrom, validUntil }: EntryWindow): readonly string[] {
  return [
    ...(Number.isFinite(validFrom) ? [`from ${formatInstant(validFrom)}`] : []),
    ...(Number.isFinite(validUntil) ? [`until ${formatInstant(validUntil)}`] : []),
  ];
}
