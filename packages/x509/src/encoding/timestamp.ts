const rfc3339Utc = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,3})?Z$/;

/**
 * Milliseconds since 1970-01-01T00:00:00Z of an RFC 3339 time in UTC (`2027-03-01T00:00:00Z`), or undefined when the
 * text has another form or names a moment that the calendar doesn't have.
 */
export function findInstant(text: string): number | undefined {
  if (!rfc3339Utc.test(text)) return undefined;
  const instant = Date.parse(text);
  if (Number.isNaN(instant)) return undefined;
  // Date.parse rolls 30 February over to March; printing it back shows that.
  return new Date(instant).toISOString().slice(0, 19) === text.slice(0, 19) ? instant : undefined;
}

/** The instant as a document writes it: RFC 3339, UTC, without the milliseconds where there are none. */
export function formatInstant(instant: number): string {
  return new Date(instant).toISOString().replace('.000', '');
}

const longestNoticeMilliseconds = 30 * 86_400_000;

/**
 * Whether to warn at `now` that something ends: for the last third of its lifetime, at most 30 days before its end. A
 * certificate of a day would otherwise be warned of for all its life, and nobody reads such a log. All in milliseconds; a
 * start that nobody knows is negative infinity, which leaves the 30 days.
 */
export function isEndingSoon(startsAt: number, endsAt: number, now: number): boolean {
  return endsAt - now <= Math.min(longestNoticeMilliseconds, (endsAt - startsAt) / 3);
}
