import { formatInstant } from '@certgate/core/internal';
import { type Coverage, describeCovered, measureCovered, type CoveredTime } from '../../log/coverage/coverage.js';
import { readSpan, subtractSpans, type TimeSpan } from '../../log/coverage/time-span.js';

/** How far it is known that there was no admission, as `--json` has it. */
export interface UsageClaim {
  /** At each app of which the lines cover anything: at least so much of the window. Null: at none. */
  readonly covered: CoveredTime | null;
  readonly leastApp: string | null;
  /** Of which the lines cover something. */
  readonly apps: number;
  /** Of which the lines cover nothing. */
  readonly uncoveredApps: readonly string[];
  /** From when on it holds, where the document's log shows that the entry is younger than the window. */
  readonly since: string | null;
  /** `no call in the 88 of 90 days that the lines cover`, or that nobody can tell. */
  readonly sentence: string;
}

/** The same lines, if something else keeps them from showing that there was no call. */
export function coverNothing(coverage: Coverage): Coverage {
  return { ...coverage, apps: coverage.apps.map((app) => ({ ...app, spans: [] })) };
}

/** Of an entry that is in the document since then; undefined: from before the window on, or nobody can tell. */
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
  const rest = uncoveredApps.length === 0 ? '' : `; cannot tell for ${listNames(uncoveredApps)}`;
  return `no call in the ${describeCovered(covered)}${later} that the lines cover${where}${rest}`;
}

/** A few, and how many more. */
export function listNames(names: readonly string[], maximum = 3): string {
  const more = names.length - maximum;
  return `${names.slice(0, maximum).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
