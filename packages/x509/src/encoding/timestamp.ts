const rfc3339Utc = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,3})?Z$/;

/**
 * Converts an RFC 3339 time in UTC (`2027-03-01T00:00:00Z`) to milliseconds since 1970-01-01T00:00:00Z. Undefined if
 * the text has another form, or names a moment that the calendar doesn't have.
 */
export function findInstant(text: string): number | undefined {
  if (!rfc3339Utc.test(text)) return undefined;
  const instant = Date.parse(text);
  if (Number.isNaN(instant)) return undefined;
  // Date.parse turns 30 February into a day of March. Printing the instant shows that.
  return new Date(instant).toISOString().slice(0, 19) === text.slice(0, 19) ? instant : undefined;
}

/** Formats the instant as RFC 3339 in UTC, without milliseconds if they are zero. */
export function formatInstant(instant: number): string {
  return new Date(instant).toISOString().replace('.000', '');
}

const longestNoticeMilliseconds = 30 * 86_400_000;

/**
 * Whether to warn at `now` about an end: in the last third of the lifetime, but at most 30 days before the end.
 * Otherwise, a certificate that is valid for a day would cause warnings all its life, and nobody would read the log.
 * All arguments are in milliseconds. If the start is unknown, pass negative infinity; then the 30 days apply.
 * True after the end too.
 */
export function isEndingSoon(startsAt: number, endsAt: number, now: number): boolean {
  return endsAt - now <= Math.min(longestNoticeMilliseconds, (endsAt - startsAt) / 3);
}
