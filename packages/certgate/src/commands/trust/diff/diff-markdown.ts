import { escapeControls } from '../../../faults/safe-text.js';
import type { TrustComparison } from '../../../trust/comparison/compare-documents.js';

/** By it, a pipeline finds the comment that it wrote before. */
export const commentMark = '<!-- certgate-trust-diff -->';

/** GitHub takes 65,536 characters in a comment. The list of changes, which is fenced, is always shorter. */
const maximumLength = 60_000;
const maximumChanges = 60;
const maximumText = 300;

/**
 * A comment for a pull request. Names are foreign text: they stand in code alone, where there is no Markdown, HTML, mention
 * or link.
 */
export function formatMarkdown(
  { changes, possibleGains, revision }: TrustComparison,
  revisionFault: string | undefined,
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
  ].join('\n\n');
  if (text.length <= maximumLength) return text;
  return [text.slice(0, text.lastIndexOf('\n', maximumLength)), '… and more; `--json` lists all of it.'].join('\n\n');
}

function listMore(more: number): readonly string[] {
  return more > 0 ? [`… and ${more} more; \`--json\` lists all of them.`] : [];
}

function clean(text: string): string {
  const safe = escapeControls(text);
  return safe.length <= maximumText ? safe : `${safe.slice(0, maximumText)}…`;
}

function fence(lines: readonly string[]): string {
  const text = lines.join('\n');
  const ticks = '`'.repeat(Math.max(longestRun(text) + 1, 3));
  return `${ticks}diff\n${text}\n${ticks}`;
}

function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map(({ length }) => length));
}
