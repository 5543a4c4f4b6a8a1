import { formatInstant } from '@certgate/core/internal';
import { type Coverage, describeCovered, measureCovered, type CoveredTime } from '../../log/coverage/coverage.js';
import { readSpan, subtractSpans, type TimeSpan } from '../../log/coverage/time-span.js';

/** How certain it is that there was no admission, in the form of `--json`. */
export interface UsageClaim {
  /**
   * How much of the window (from `since` on, if that is set) the lines cover, at the app of which they cover least but
   * something. Null if they cover no whole day or hour of any app.
   */
  readonly covered: CoveredTime | null;
  readonly leastApp: string | null;
  /** The number of apps of which the lines cover something. */
  readonly apps: number;
  /** The names of the apps of which the lines cover nothing. */
  readonly uncoveredApps: readonly string[];
  /**
   * The beginning of the claim (RFC 3339), if the document's log shows that the entry is younger than the window;
   * otherwise null.
   */
  readonly since: string | null;
  /** `no call in the 88 of 90 days that the lines cover`, or a sentence that it is unknown. */
  readonly sentence: string;
}

/**
 * The same coverage without its spans, for use if something else keeps the lines from showing that there was no call.
 */
export function coverNothing(coverage: Coverage): Coverage {
  return { ...coverage, apps: coverage.apps.map((app) => ({ ...app, spans: [] })) };
}

/**
 * Claims that there was no call by an entry. `since` is when the entry was added, in milliseconds since
 * 1970-01-01T00:00:00Z. Without it, the claim is about the whole window.
 */
export function claimNothing({ apps, limits, ...given }: Coverage, since?: number): UsageClaim {
  const window = readSpan(given);
  const from = Math.max(window.from, since ?? window.from);
  const span = { from, until: window.until };
  const measured = apps.map(({ app, spans }) => ({
    app,
    covered: measureCovered(clip(spans.map(readSpan), span), span),
  }));
  const known = measured.filter(({ covered }) => covered.covered > 0);
  const [least] = [...known].sort((one, other) => one.covered.covered - other.covered.covered);
  const unseen = limits.flatMap((limit) => (limit.code === 'apps_without_lines' ? limit.apps : []));
  const claim = {
    covered: least?.covered ?? null,
    leastApp: least?.app ?? null,
    apps: known.length,
    uncoveredApps: [...measured.filter(({ covered }) => covered.covered === 0).map(({ app }) => app), ...unseen],
    since: from > window.from ? formatInstant(from) : null,
  };
  return { ...claim, sentence: describeClaim(claim) };
}

function clip(spans: readonly TimeSpan[], { from, until }: TimeSpan): readonly TimeSpan[] {
  return subtractSpans(spans, [
    { from: Number.NEGATIVE_INFINITY, until: from },
    { from: until, until: Number.POSITIVE_INFINITY },
  ]);
}

function describeClaim({ covered, leastApp, apps, uncoveredApps, since }: Omit<UsageClaim, 'sentence'>): string {
  const later = since === null ? '' : ` since ${since.slice(0, 10)}`;
  if (covered === null) return `cannot tell: no whole day or hour${later} is covered by the lines`;
  const where = apps > 1 ? ` (${leastApp}, the least of ${apps} apps)` : '';
  const rest = uncoveredApps.length === 0 ? '' : `; cannot tell for ${listSomeNames(uncoveredApps)}`;
  return `no call in the ${describeCovered(covered)}${later} that the lines cover${where}${rest}`;
}

/** The first names, and how many more there are. */
export function listSomeNames(names: readonly string[], maximum = 3): string {
  const more = names.length - maximum;
  return `${names.slice(0, maximum).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
