import { escapeControls } from '../../../faults/safe-text.js';
import type { TrustComparison } from '../../../trust/comparison/compare-documents.js';
import type { ReplayedCalls, ReplayReport, UntoldCalls } from '../../../trust/replay/replay-report.js';
import { describeReason, formatCalls, formatRest, formatSpan } from './replay-text.js';

/** By it, a pipeline finds the comment that it wrote before. */
export const commentMark = '<!-- certgate-trust-diff -->';

/** GitHub takes 65,536 characters in a comment. The list of changes, which is fenced, is always shorter. */
const maximumLength = 60_000;
const maximumRows = 20;
const maximumChanges = 60;
const maximumText = 300;

/**
 * A comment for a pull request. Names are foreign text: they stand in code alone, where there is no Markdown, HTML, mention
 * or link.
 */
export function formatMarkdown(
  { changes, possibleGains, revision }: TrustComparison,
  revisionFault: string | undefined,
  replay: ReplayReport | undefined,
): string {
  const signs = { gains: '+', loses: '-', changes: ' ' } as const;
  const lines = changes.slice(0, maximumChanges).map(({ effect, sentence }) => `${signs[effect]} ${clean(sentence)}`);
  const text = [
    commentMark,
    '### Trust document',
    `Revision ${revision.before} → ${revision.after}. ${changes.length === 0 ? 'Nobody gains or loses anything.' : ''}`.trim(),
    ...(revisionFault === undefined ? [] : [revisionFault]),
    ...(lines.length === 0 ? [] : [fence(lines)]),
    ...listMore(changes.length - lines.length),
    ...(possibleGains === undefined ? [] : ['Cannot tell:', fence([clean(possibleGains)])]),
    ...(replay === undefined ? [] : formatReplay(replay)),
  ].join('\n\n');
  if (text.length <= maximumLength) return text;
  return [text.slice(0, text.lastIndexOf('\n', maximumLength)), '… and more; `--json` lists all of it.'].join('\n\n');
}

function formatReplay(replay: ReplayReport): readonly string[] {
  const { wouldBreak, wouldGetIn, asAnother, cannotTell, isSampled } = replay;
  const describe = (row: ReplayedCalls): string => {
    const at = row.function === null ? '' : ` at ${code(row.function)}`;
    return `${code(row.identity)}${at}: ${formatCalls(row.calls, isSampled)}, the last at ${row.last}`;
  };
  return [
    '### Recorded calls',
    formatSpan(replay),
    ...section(
      'Would be refused',
      wouldBreak,
      (row) => `${describe(row)}. ${row.code === null ? '' : `${code(row.code)}: `}${code(row.detail)}`,
    ),
    ...section('Cannot tell', cannotTell, (row) => describeUntold(row, isSampled)),
    ...section('Would newly be admitted', wouldGetIn, (row) => `${describe(row)}. Refused before: ${code(row.was)}`),
    ...section('Would be recognized as another identity', asAnother, (row) => `${describe(row)}, as ${code(row.as)}`),
    formatRest(replay, code).join('\n'),
  ];
}

function section<Row>(title: string, rows: readonly Row[], format: (row: Row) => string): readonly string[] {
  if (rows.length === 0) return [];
  const shown = rows.slice(0, maximumRows).map((row) => `- ${format(row)}`);
  return [`**${title}**`, shown.join('\n'), ...listMore(rows.length - shown.length)];
}

function listMore(more: number): readonly string[] {
  return more > 0 ? [`… and ${more} more; \`--json\` lists all of them.`] : [];
}

function describeUntold({ reason, was, calls, identities, moreIdentities }: UntoldCalls, isSampled: boolean): string {
  const more = moreIdentities === 0 ? '' : ` and ${moreIdentities} more`;
  const who = identities.length === 0 ? '' : ` (${identities.map(code).join(', ')}${more})`;
  return `${formatCalls(calls, isSampled)} that ${calls === 1 ? 'was' : 'were'} ${was}${who}: ${describeReason(reason)}.`;
}

function clean(text: string): string {
  const safe = escapeControls(text);
  return safe.length <= maximumText ? safe : `${safe.slice(0, maximumText)}…`;
}

/** A code span: its fence is longer than any in the text (CommonMark §6.1). */
function code(text: string): string {
  const safe = clean(text);
  const ticks = '`'.repeat(longestRun(safe) + 1);
  return `${ticks} ${safe} ${ticks}`;
}

function fence(lines: readonly string[]): string {
  const text = lines.join('\n');
  const ticks = '`'.repeat(Math.max(longestRun(text) + 1, 3));
  return `${ticks}diff\n${text}\n${ticks}`;
}

function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map(({ length }) => length));
}
