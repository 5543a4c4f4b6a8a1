import colors from 'picocolors';
import { countTries, type DoctorReport, formatCounts, type ProbeFinding } from '../doctor/doctor-report.js';
import { probeGroups, type ProbeGroup } from '../doctor/probe-table/probe-facts.js';
import { verdictWords } from '../doctor/published-report.js';
import { printLine } from './command-line/output.js';
import { type Column, formatTable } from './command-line/table.js';

const paints = { holds: colors.green, fails: colors.red, 'cannot-tell': colors.yellow } as const;

/** One row for all findings with the same verdict, evidence, detail and meaning. */
interface Row extends ProbeFinding {
  readonly ids: readonly string[];
}

const columns: readonly Column<Row>[] = [
  ['probe', ({ ids }) => ids],
  ['verdict', ({ verdict }) => verdictWords[verdict], ({ verdict }) => paints[verdict]],
  ['evidence', ({ evidence, detail }) => [...evidence, ...(detail === null ? [] : [`“${detail}”`])]],
  ['meaning, and what to do', ({ meaning }) => meaning],
];

/**
 * Prints the report to a terminal. Probes with another verdict than `holds` are shown with their evidence, what it
 * means and what to do. With `isVerbose`, those that hold are shown like that, too.
 */
export function printDoctorReport(report: DoctorReport, isVerbose: boolean): void {
  const { target, gotIn, counts, findings, notRun } = report;
  printLine(describeOpenings(report));
  const shown = isVerbose ? findings : findings.filter(({ verdict }) => verdict !== 'holds');
  if (shown.length > 0) printLine(formatTable(columns, mergeAlike(shown), { widths: [29, 13, 46, 60] }));
  if (!isVerbose) {
    for (const group of Object.keys(probeGroups) as ProbeGroup[]) {
      const line = describeGroup(group, findings);
      if (line !== undefined) printLine(line);
    }
  }
  for (const { id, reason } of notRun) printLine(`not run: ${id}. ${reason}`);
  printLine();
  if (gotIn !== undefined) {
    const unclear = counts['cannot-tell'] === 0 ? '' : `, but ${counts['cannot-tell']} of the probes cannot tell`;
    printLine(
      gotIn.length > 0
        ? `Admitted, but must be refused: ${gotIn.join('; ')}.`
        : `No request that must be refused was seen to get in${unclear}.`,
    );
  }
  printLine(`${target}: ${formatCounts(report)}.`);
}

function describeOpenings({ target, openings: { known, tried, notTried } }: DoctorReport): string {
  const left = notTried.length === 0 ? '' : ` Not tried: ${notTried.join(', ')}.`;
  return `${target}: ${tried} of ${known} kinds of opening were tried.${left} What doctor cannot see: docs/doctor.md#what-it-cannot-see`;
}

function mergeAlike(findings: readonly ProbeFinding[]): readonly Row[] {
  const rows = new Map<string, Row>();
  for (const finding of findings) {
    const { id, verdict, evidence, meaning, detail } = finding;
    const key = JSON.stringify([verdict, evidence, meaning, detail]);
    rows.set(key, { ...finding, ids: [...(rows.get(key)?.ids ?? []), id] });
  }
  return [...rows.values()];
}

/** One line for the probes of a group with the verdict `holds`. Undefined if there are none. */
function describeGroup(group: ProbeGroup, findings: readonly ProbeFinding[]): string | undefined {
  const ids: readonly string[] = probeGroups[group];
  const holding = findings.filter(({ id, verdict }) => verdict === 'holds' && ids.includes(id));
  if (holding.length === 0) return undefined;
  const all = holding.map(({ id, observations }) => countTries(id, observations));
  const [refused, tries] = (['refused', 'tries'] as const).map((key) => all.reduce((sum, each) => sum + each[key], 0));
  const found = tries === 0 ? '' : `, refused in ${refused} of ${tries} tries`;
  return `${group}: ${paints.holds('holds')}${found} (${holding.map(({ id }) => id).join(', ')})`;
}
