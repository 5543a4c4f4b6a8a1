const day = 86_400_000;

/** The time in the form `12:03:04.567`, in the user's time zone. */
export function formatClock(time: string): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return time;
  const [hours, minutes, seconds] = [date.getHours(), date.getMinutes(), date.getSeconds()].map((each) => pad(each, 2));
  return `${hours}:${minutes}:${seconds}.${pad(date.getMilliseconds(), 3)}`;
}

/** The date in the form `2027-01-04`, in UTC like the dates in certificates. */
export function formatDay(time: string): string {
  return time.slice(0, 10);
}

/** `today`, or the date of `at` if the page shows another day (`certgate trust view --at`). */
export function nameDay(at: number, now: number): string {
  const shown = formatDay(new Date(at).toISOString());
  return shown === formatDay(new Date(now).toISOString()) ? 'today' : shown;
}

/** How much of the window is left, in the form `41 days left`, `ended 3 days ago`, `starts in 2 h` or `no end`. */
export function formatRemaining(from: string | null, until: string | null, now: number): string {
  const start = from === null ? undefined : Date.parse(from);
  if (start !== undefined && start > now) return `starts in ${formatSpan(start - now)}`;
  if (until === null) return 'no end';
  const end = Date.parse(until);
  return end <= now ? `ended ${formatSpan(now - end)} ago` : `${formatSpan(end - now)} left`;
}

function formatSpan(milliseconds: number): string {
  const days = Math.floor(milliseconds / day);
  if (days >= 1_000) return `${Math.floor(days / 365.25)} years`;
  if (days >= 2) return `${days} days`;
  const hours = Math.floor(milliseconds / 3_600_000);
  if (hours >= 1) return `${hours} h`;
  return `${Math.max(1, Math.round(milliseconds / 60_000))} min`;
}

export function formatMilliseconds(milliseconds: number | null): string {
  if (milliseconds === null) return '';
  return milliseconds < 10 ? milliseconds.toFixed(1) : String(Math.round(milliseconds));
}

/** The size in the form `1.2 kB`. */
export function formatSize(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${(bytes / 1_000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** The first 8 characters, which suffice to recognize a certificate. The element's title shows the whole thumbprint. */
export function shortenThumbprint(thumbprint: string): string {
  return thumbprint.slice(0, 8);
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0');
}
