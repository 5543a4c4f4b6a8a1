import Table from 'cli-table3';
import colors from 'picocolors';
import { escapeControls } from '../faults/safe-text.js';
import type { DoctorReport } from './doctor.js';
import { explainFinding, formatEvidence, listAdmitted } from './evidence.js';
import type { Verdict } from './verdict.js';
import type { DoctorTarget } from './target.js';

const paints: Readonly<Record<Verdict, (text: string) => string>> = {
  holds: colors.green,
  fails: colors.red,
  'cannot-tell': colors.yellow,
};

export const verdictWords: Readonly<Record<Verdict, string>> = {
  holds: 'holds',
  fails: 'FAILS',
  'cannot-tell': 'cannot tell',
};

/** For a terminal: every finding with its evidence, what it means and what to do. */
export function formatFindings({ findings, notRun, isAnyServer }: DoctorReport, target: DoctorTarget): string {
  const table = new Table({
    head: ['probe', 'verdict', 'evidence', 'meaning, and what to do'],
    colWidths: [29, 13, 46, 60],
    wordWrap: true,
    style: { head: [], border: [] },
  });
  for (const finding of findings) {
    const evidence = [
      ...formatEvidence(finding, (index) => nameFunction(target, index)),
      ...(finding.detail === undefined ? [] : [`“${finding.detail}”`]),
    ];
    table.push([
      finding.id,
      paints[finding.verdict](verdictWords[finding.verdict]),
      evidence.map(escapeControls).join('\n'),
      explainFinding(finding, isAnyServer).join('\n'),
    ]);
  }
  const skipped = notRun.map(({ id, reason }) => `not run: ${id}. ${reason}`);
  return [table.toString(), ...skipped].join('\n');
}

export function nameFunction(target: DoctorTarget, index: number): string {
  return [...target.closed, ...target.public][index]?.name ?? '';
}

export function countVerdicts({ findings }: DoctorReport): Readonly<Record<Verdict, number>> {
  const count = (wanted: Verdict): number => findings.filter(({ verdict }) => verdict === wanted).length;
  return { holds: count('holds'), fails: count('fails'), 'cannot-tell': count('cannot-tell') };
}

export function formatCounts(report: DoctorReport): string {
  const counts = countVerdicts(report);
  return `holds: ${counts.holds}, fails: ${counts.fails}, cannot tell: ${counts['cannot-tell']}; not run: ${report.notRun.length}; requests: ${report.requests}`;
}

/** With `--any-server`: what got in, or that nothing did of what was tried. */
export function formatAdmitted(report: DoctorReport): readonly string[] {
  const admitted = listAdmitted(report);
  if (admitted.length > 0) return [`Admitted, but must be refused: ${admitted.join('; ')}.`];
  const { 'cannot-tell': unclear } = countVerdicts(report);
  return [
    `No request that must be refused was seen to get in${unclear === 0 ? '' : `, but ${unclear} of the probes cannot tell`}.`,
  ];
}
