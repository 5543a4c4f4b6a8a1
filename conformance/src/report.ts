import type { Comparison } from './deviations.js';
import type { CaseResult, Outcome } from './judge-case.js';
import type { Suite } from './suite.js';

export interface SuiteReport {
  readonly suite: Suite;
  readonly results: readonly CaseResult[];
  readonly comparison: Comparison;
}

const columns: readonly (readonly [heading: string, outcome: Outcome])[] = [
  ['passed', 'passed'],
  ['accepted an invalid path', 'accepted-invalid'],
  ['rejected a valid one', 'rejected-valid'],
  ['policy set differs', 'policies-differ'],
  ['crashed', 'crashed'],
];

export function formatReport({ suite, results, comparison }: SuiteReport): string {
  const sections = [...new Set(results.map(({ section }) => section))];
  const rows = sections.map((section) =>
    formatRow(
      section,
      results.filter((each) => each.section === section),
    ),
  );
  const total = formatRow('total', results);
  const headings = ['section', 'runs', ...columns.map(([heading]) => heading), 'slowest, ms'];
  const withoutTime = suite.cases.filter(({ now }) => now === undefined).length;
  return [
    `${suite.title} (form ${suite.form}, profile ${suite.profile}): ${suite.source}`,
    ...(withoutTime === 0
      ? []
      : [`${withoutTime} ${withoutTime === 1 ? 'case' : 'cases'} without a time: judged as of now.`]),
    ...formatTable([headings, ...rows, total]),
    ...comparison.explained.map(
      ({ result, deviation }) => `known: ${deviation.id}: ${describe(result)}: ${deviation.why}`,
    ),
    ...comparison.unexplained.map((result) => `DIFFERS: ${result.id}: ${describe(result)}`),
    ...comparison.stale.map(({ id }) => `STALE: ${id} is listed as a deviation and agrees now; take it off the list.`),
    '',
  ].join('\n');
}

function describe({ expected, ours, code, detail, policies }: CaseResult): string {
  const reason = code === undefined ? `policies ${policies?.join(', ') ?? ''}` : `${code}: ${detail ?? ''}`;
  return `expected ${expected}, ours ${ours} (${reason})`;
}

function formatRow(name: string, results: readonly CaseResult[]): readonly string[] {
  const slowest = Math.max(0, ...results.map(({ milliseconds }) => milliseconds));
  const counts = columns.map(([, outcome]) => String(results.filter((each) => each.outcome === outcome).length));
  return [name, String(results.length), ...counts, slowest.toFixed(1)];
}

function formatTable(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ');
  return rows.map(line);
}

/** The report of the whole run as one JSON object. */
export function formatJson(reports: readonly SuiteReport[], isAsListed: boolean): string {
  const suites = reports.map(({ suite, results, comparison }) => ({
    suite: suite.form,
    title: suite.title,
    source: suite.source,
    profile: suite.profile,
    counts: Object.fromEntries(
      columns.map(([, outcome]) => [outcome, results.filter((each) => each.outcome === outcome).length]),
    ),
    unexplained: comparison.unexplained.map(({ id }) => id),
    deviations: comparison.explained.map(({ deviation }) => deviation),
    stale: comparison.stale.map(({ id }) => id),
    results,
  }));
  return `${JSON.stringify({ isAsListed, suites }, null, 2)}\n`;
}
