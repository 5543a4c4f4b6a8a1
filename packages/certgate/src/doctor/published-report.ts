import { escapeMarkdown } from '../texts/safe-text.js';
import { type DoctorReport, findWouldTell, formatCounts, type Judgements } from './doctor-report.js';
import type { DoctorTarget } from './target.js';
import type { Verdict } from './verdict.js';

export const verdictWords: Readonly<Record<Verdict, string>> = {
  holds: 'holds',
  fails: 'FAILS',
  'cannot-tell': 'cannot tell',
};

/**
 * The report that may be attached to a public issue. It consists only of words of this tool, numbers and status codes,
 * never of what the server or a certificate says. So there is no host name, thumbprint, name of a certificate or
 * function, header value or body to remove.
 */
export function createRedactedReport(
  { anyServer, counts, notRun }: DoctorReport,
  judgements: Judgements,
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
    anyServer,
    counts,
    findings: [...judgements]
      .filter(([, { verdict }]) => verdict !== 'not-run')
      .map(([id, judgement]) => ({
        id,
        verdict: judgement.verdict,
        note: judgement.note,
        wouldTell: findWouldTell(id, judgement),
        observations: (judgement.observations ?? []).map(({ functionIndex, ...rest }) => ({
          function: functionIndex === undefined ? undefined : functionIndex + 1,
          ...rest,
        })),
      })),
    notRun,
  };
}

/**
 * The report for a job summary, which may be public. It names the host and the functions, and shows nothing that the
 * server said.
 */
export function formatJobSummary(report: DoctorReport): string {
  const rows = report.findings.map(({ id, verdict, evidence, meaning }) => {
    const cells = [evidence, meaning].map((lines) => escapeMarkdown(lines.join('\n')));
    return `| \`${id}\` | ${verdict === 'fails' ? '**FAILS**' : verdictWords[verdict]} | ${cells.join(' | ')} |`;
  });
  const notRun = report.notRun.map(({ id, reason }) => `- not run: \`${id}\`. ${escapeMarkdown(reason)}`);
  return [
    `## certgate doctor ${escapeMarkdown(report.target)}`,
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
