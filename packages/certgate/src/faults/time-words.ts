const millisecondsPerDay = 86_400_000;

/** `in 3 days`, or `3 days ago`: from now to a moment that lies so many milliseconds ahead. */
export function describeDays(milliseconds: number): string {
  const days = Math.floor(Math.abs(milliseconds) / millisecondsPerDay);
  const amount = days === 0 ? 'less than a day' : days === 1 ? '1 day' : `${days} days`;
  return milliseconds > 0 ? `in ${amount}` : `${amount} ago`;
}

const spanUnits: readonly (readonly [number, string])[] = [
  [millisecondsPerDay, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
];

/** `3 h`: never more than it is. */
export function describeSpan(milliseconds: number): string {
  const [length, unit] = spanUnits.find(([each]) => milliseconds >= each) ?? [1000, 's'];
  return `${Math.floor(milliseconds / length)} ${unit}`;
}

/** `2027-03-01T00:00Z`. */
export function formatMinute(instant: number): string {
  return `${new Date(instant).toISOString().slice(0, 16)}Z`;
}
