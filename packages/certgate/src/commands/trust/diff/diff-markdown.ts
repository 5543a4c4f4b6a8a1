import { escapeControls } from '../../../texts/safe-text.js';
import type { TrustComparison } from '../../../trust/comparison/compare-documents.js';
import type { TrustChange } from '../../../trust/comparison/trust-change.js';
import type { LossUse } from '../../../trust/usage/used-losses.js';
import type { ReportedLosses } from './read-losses.js';

/** A mark by which a pipeline finds the comment that it wrote before. */
export const commentMark = '<!-- certgate-trust-diff -->';

/** The parts of the comment are limited, because GitHub accepts at most 65,536 characters. */
const maximumLines = 150;
const maximumUses = 5;
const maximumRemarks = 30;
const maximumText = 300;

/**
 * Writes a comment for a pull request. Others may have chosen the names, so these are only in code, where Markdown,
 * HTML, mentions and links have no effect.
 */
export function formatMarkdown(
  { changes, possibleGains, possibleLosses, revision }: TrustComparison,
  revisionFault: string | undefined,
  losses: ReportedLosses | undefined,
): string {
  const signs = { gains: '+', loses: '-', changes: ' ' } as const;
  // Losses that a call in the log needed are shown first.
  const isUsed = (change: TrustChange): boolean => losses?.uses.get(change)?.[0]?.verdict === 'used';
  const sorted = [...changes.filter(isUsed), ...changes.filter((change) => !isUsed(change))];
  const lines = sorted.flatMap((change) => [
    `${signs[change.effect]} ${clean(change.sentence)}`,
    ...formatUses(losses?.uses.get(change), maximumUses).map((line) => `    ${clean(line)}`),
  ]);
  const possible = [possibleGains, possibleLosses].filter((sentence) => sentence !== undefined);
  return [
    commentMark,
    '### Trust document',
    `Revision ${revision.before} → ${revision.after}. ${changes.length === 0 ? 'Nobody gains or loses anything.' : ''}`.trim(),
    ...(revisionFault === undefined ? [] : [revisionFault]),
    ...(lines.length === 0 ? [] : [fence(lines.slice(0, maximumLines))]),
    ...(lines.length > maximumLines ? ['… and more; `--json` lists all of it.'] : []),
    ...(possible.length === 0 ? [] : ['Cannot tell:', fence(possible.map(clean))]),
    ...(losses === undefined ? [] : ['What the log tells:', fence(losses.remarks.slice(0, maximumRemarks).map(clean))]),
  ].join('\n\n');
}

/** What a log shows about a loss, one line for each of the first identities. */
export function formatUses(uses: readonly LossUse[] = [], maximum = 20): readonly string[] {
  const shown = uses
    .slice(0, maximum)
    .map(({ identity, sentence }) => (identity === null ? sentence : `"${identity}": ${sentence}`));
  const more = uses.length - shown.length;
  return [...shown, ...(more > 0 ? [`… and ${more} more; --json lists all of them`] : [])];
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
