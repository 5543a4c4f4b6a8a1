import { type Coverage, describeCovered } from './coverage.js';
import type { CoverageLimit, CoverageLimitCode } from './coverage-limit.js';

/**
 * Describes for people what the lines cover and what they don't show, in a few sentences, however many apps there are.
 * The sentences may contain names that others chose.
 */
export function formatCoverage(coverage: Coverage): readonly string[] {
  const byCode = new Map<CoverageLimitCode, { readonly app: string; readonly limit: CoverageLimit }[]>();
  for (const { app, limits } of coverage.apps) {
    for (const limit of limits) byCode.set(limit.code, [...(byCode.get(limit.code) ?? []), { app, limit }]);
  }
  const ofApps = [...byCode.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    const { sentence } = first.limit;
    if (others.length === 0) return [`${first.app}: ${sentence}`];
    const more = `${others.length} more ${others.length === 1 ? 'app' : 'apps'}`;
    // A time or a number in the sentence belongs to the first app only.
    return others.every(({ limit }) => limit.sentence === sentence)
      ? [`${first.app} (and ${more}): ${sentence}`]
      : [`${first.app}: ${sentence} The same is true of ${more}, with other times or numbers.`];
  });
  return [...describeApps(coverage), ...ofApps, ...coverage.limits.map(({ sentence }) => sentence)];
}

const maximumListed = 5;

/** Lists the apps with the least covered time, least covered first, and how much the others have at least. */
function describeApps({ apps }: Coverage): readonly string[] {
  const sorted = [...apps].sort((one, other) => one.covered.covered - other.covered.covered);
  const least = sorted.slice(0, maximumListed).map(({ app, covered }) => `${app} ${describeCovered(covered)}`);
  const more = apps.length - least.length;
  if (least.length === 0) return [];
  const [next] = sorted.slice(maximumListed);
  const rest = next === undefined ? '' : `, ${more} more at least ${describeCovered(next.covered)}`;
  return [`Covered (whole hours in which status lines report every call): ${least.join(', ')}${rest}.`];
}
