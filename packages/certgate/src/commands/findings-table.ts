import colors from 'picocolors';
import { type DoctorReport, formatCounts, type ProbeFinding } from '../doctor/doctor-report.js';
import { verdictWords } from '../doctor/published-report.js';
import { printLine } from './command-line/output.js';
import { type Column, formatTable } from './command-line/table.js';

const paints = { holds: colors.green, fails: colors.red, 'cannot-tell': colors.yellow } as const;

const columns: readonly Column<ProbeFinding>[] = [
  ['probe', ({ id }) => id],
  ['verdict', ({ verdict }) => verdictWords[verdict], ({ verdict }) => paints[verdict]],
  ['evidence', ({ evidence, detail }) => [...evidence, ...(detail === null ? [] : [`“${detail}”`])]],
  ['meaning, and what to do', ({ meaning }) => meaning],
];

/** For a terminal: every finding with its evidence, what it means and what to do. */
export function printReport(report: DoctorReport): void {
  const { target, gotIn, counts, findings, notRun } = report;
  printLine(formatTable(columns, findings, { widths: [29, 13, 46, 60] }));
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
