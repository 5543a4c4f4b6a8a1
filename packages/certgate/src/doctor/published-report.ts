import { escapeMarkdown } from '../faults/safe-text.js';
import type { DoctorReport } from './doctor.js';
import { explainFinding, formatEvidence } from './evidence.js';
import { countVerdicts, formatCounts, nameFunction, verdictWords } from './findings-table.js';
import type { DoctorTarget } from './target.js';

/**
 * What may be attached to a public issue. It is made from words of this tool, numbers and status codes alone, and never
 * from what the server or a certificate says: there is no host name, thumbprint, name of a certificate or function,
 * header value or body to remove.
 */
export function createRedactedReport(
  report: DoctorReport,
  { origin, isLoopback }: DoctorTarget,
  toolVersion: string,
): object {
  return {
    certgateDoctor: toolVersion,
    host: isLoopback
      ? 'this machine'
      : origin.hostname.endsWith('.azurewebsites.net')
        ? 'a name below azurewebsites.net'
        : 'another name',
    ...(report.isAnyServer === true ? { anyServer: true } : {}),
    counts: countVerdicts(report),
    findings: report.findings.map(({ id, verdict, note, observations, wouldTell }) => ({
      id,
      verdict,
      note,
      ...(wouldTell === undefined ? {} : { wouldTell }),
      observations: observations.map(({ functionIndex, ...rest }) => ({
        ...(functionIndex === undefined ? {} : { function: functionIndex + 1 }),
        ...rest,
      })),
    })),
    notRun: report.notRun,
  };
}

/** For a job summary, which may be public: it names the host and the functions, and nothing that the server said. */
export function formatJobSummary(report: DoctorReport, target: DoctorTarget): string {
  const rows = report.findings.map((finding) => {
    const evidence = formatEvidence(finding, (index) => nameFunction(target, index));
    const cells = [evidence.join('\n'), explainFinding(finding, report.isAnyServer).join('\n')].map(escapeMarkdown);
    return `| \`${finding.id}\` | ${finding.verdict === 'fails' ? '**FAILS**' : verdictWords[finding.verdict]} | ${cells.join(' | ')} |`;
  });
  const notRun = report.notRun.map(({ id, reason }) => `- not run: \`${id}\`. ${escapeMarkdown(reason)}`);
  return [
    `## certgate doctor ${escapeMarkdown(target.origin.origin)}`,
    '',
    '| probe | verdict | evidence | meaning, and what to do |',
    '|---|---|---|---|',
    ...rows,
    '',
    ...notRun,
    ...(notRun.length === 0 ? [] : ['']),
    `${formatCounts(report)}.`,
    '',
  ].join('\n');
}
