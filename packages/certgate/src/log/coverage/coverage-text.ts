import { formatInstant } from '@certgate/core/internal';
import { type Coverage, type CoveredTime, describeCovered, measureCovered } from './coverage.js';
import type { TimeSpan } from './time-span.js';
import { type CoverageLimit, type CoverageLimitCode, describeLimit } from './coverage-limit.js';

/** What the lines cover and don't tell, for people: a few sentences, however many apps there are. Names are foreign text. */
export function formatCoverage(coverage: Coverage): readonly string[] {
  const byCode = new Map<CoverageLimitCode, { readonly app: string; readonly limit: CoverageLimit }[]>();
  for (const { app, limits } of coverage.apps) {
    for (const limit of limits) byCode.set(limit.code, [...(byCode.get(limit.code) ?? []), { app, limit }]);
  }
  const ofApps = [...byCode.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    const sentence = describeLimit(first.limit);
    if (others.length === 0) return [`${first.app}: ${sentence}`];
    const more = `${others.length} more ${others.length === 1 ? 'app' : 'apps'}`;
    // A time or a number in the sentence is of the first app alone.
    return others.every(({ limit }) => describeLimit(limit) === sentence)
      ? [`${first.app} (and ${more}): ${sentence}`]
      : [`${first.app}: ${sentence} The same is true of ${more}, with other times or numbers.`];
  });
  return [...describeApps(coverage), ...ofApps, ...coverage.limits.map(describeLimit)];
}

const maximumListed = 5;

/** The least covered first. */
function describeApps({ apps, window }: Coverage): readonly string[] {
  const measured = apps.map(({ app, covered }) => ({ app, covered: measureCovered(covered, window) }));
  const sorted = measured.sort((one, other) => one.covered.covered - other.covered.covered);
  const least = sorted.slice(0, maximumListed).map(({ app, covered }) => `${app} ${describeCovered(covered)}`);
  const more = apps.length - least.length;
  if (least.length === 0) return [];
  const [next] = sorted.slice(maximumListed);
  const rest = next === undefined ? '' : `, ${more} more at least ${describeCovered(next.covered)}`;
  return [`Covered (whole hours in which status lines report every call): ${least.join(', ')}${rest}.`];
}

interface ReportedLimit extends Readonly<Record<string, unknown>> {
  readonly code: CoverageLimitCode;
  readonly sentence: string;
}

/** As `--json` prints it; times in RFC 3339. */
export interface ReportedCoverage {
  readonly from: string;
  readonly until: string;
  readonly apps: readonly {
    readonly app: string;
    readonly covered: CoveredTime;
    readonly spans: readonly { readonly from: string; readonly until: string }[];
    readonly first: string | null;
    readonly last: string | null;
    readonly instances: number | null;
    readonly limits: readonly ReportedLimit[];
  }[];
  readonly limits: readonly ReportedLimit[];
}

export function reportCoverage({ window, apps, limits }: Coverage): ReportedCoverage {
  return {
    from: formatInstant(window.from),
    until: formatInstant(window.until),
    apps: apps.map(({ app, covered, first, last, instances, limits: own }) => ({
      app,
      covered: measureCovered(covered, window),
      spans: covered.map(reportSpan),
      first: first === undefined ? null : formatInstant(first),
      last: last === undefined ? null : formatInstant(last),
      instances: instances ?? null,
      limits: own.map(reportLimit),
    })),
    limits: limits.map(reportLimit),
  };
}

/** With its facts, of which times are in RFC 3339 and revisions numbers, each range with its last one. */
function reportLimit(limit: CoverageLimit): ReportedLimit {
  const report = { ...limit, sentence: describeLimit(limit) };
  if ('spans' in limit) return { ...report, spans: limit.spans.map(reportSpan) };
  if ('first' in limit) return { ...report, first: formatInstant(limit.first) };
  if (!('revisions' in limit)) return report;
  return { ...report, revisions: limit.revisions.map(({ from, until }) => ({ from, through: until - 1 })) };
}

function reportSpan({ from, until }: TimeSpan): { readonly from: string; readonly until: string } {
  return { from: formatInstant(from), until: formatInstant(until) };
}
