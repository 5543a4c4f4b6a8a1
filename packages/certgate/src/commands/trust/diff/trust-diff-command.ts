import colors from 'picocolors';
import { formatToolCall, withStore } from '../../../texts/tool-call.js';
import { escapeControls } from '../../../texts/safe-text.js';
import { ToolFailure } from '#local/tool-failure.js';
import { type LoadedTrustDocument, parseStoredDocument } from '../../../trust/administration/load-trust-document.js';
import { compareTrustDocuments, type TrustComparison } from '../../../trust/comparison/compare-documents.js';
import { formatMarkdown, formatUses } from './diff-markdown.js';
import type { ReportedLosses } from './read-losses.js';
import type { LogFlags } from '../../log/log-options.js';
import { formatPossible } from '../report-update.js';
import type { TrustEffect } from '../../../trust/comparison/trust-change.js';
import { exitCodes } from '../../command-line/exit-codes.js';
import { printJson, printLine, printNotice } from '../../command-line/output.js';
import { readDocumentArgument } from '../options/read-document-argument.js';

interface DiffFlags extends LogFlags {
  readonly failOn: FailOn;
  readonly markdown?: true;
  readonly json?: boolean;
}

type FailOn = 'any' | 'gains' | 'losses' | 'used-losses' | 'never';

export async function diff(beforeArgument: string, afterArgument: string, flags: DiffFlags): Promise<void> {
  if ([beforeArgument, afterArgument, ...(flags.log ?? [])].filter((each) => each === '-').length > 1) {
    throw new ToolFailure('Only one of the documents and logs can come from standard input.');
  }
  const { log, since, until, apps, failOn } = flags;
  if (log === undefined && (failOn === 'used-losses' || (since ?? until ?? apps) !== undefined)) {
    throw new ToolFailure('--fail-on used-losses, --since, --until and --apps require --log.');
  }
  const before = await readDocumentArgument(beforeArgument);
  const after = await readDocumentArgument(afterArgument);
  for (const { stored, description } of [before, after]) {
    if (stored.signature === undefined) continue;
    printNotice(
      `${colors.yellow('warning')} The signature of ${description} was not verified. To verify it: ${formatToolCall(['trust', 'check', '--signed-by', 'FILE', '--store', description])}`,
    );
  }
  const { compared, earlier, later } = withStore(afterArgument === '-' ? 'STORE' : after.description, () => {
    const [earlier, later] = [before, after].map(({ stored, description }) =>
      parseStoredDocument(stored, description),
    ) as [LoadedTrustDocument, LoadedTrustDocument];
    return { compared: compareTrustDocuments(earlier.snapshot, later.snapshot), earlier, later };
  });
  // A comparison without a log doesn't need the code for logs, so it is imported here.
  const losses =
    log === undefined
      ? undefined
      : await (await import('./read-losses.js')).readLosses(compared, earlier, later, flags);
  const { comparison } = losses ?? { comparison: compared };
  const revisionFault = findRevisionFault(comparison);
  if (flags.json === true) {
    const { changes, gains, possibleGains = null, loses, possibleLosses = null, revision } = comparison;
    const names = { before: before.description, after: after.description };
    const effects = { gains, possibleGains, loses, possibleLosses };
    const report = { ...names, revision, revisionFault: revisionFault ?? null, ...effects };
    const withUses = changes.map((change) => ({ ...change, uses: losses?.uses.get(change) }));
    printJson({ ...report, changes: withUses, ...(losses === undefined ? {} : { log: losses.log }) });
  } else if (flags.markdown === true) {
    printLine(formatMarkdown(comparison, revisionFault, losses));
  } else {
    printComparison(comparison, revisionFault, losses);
  }
  const isFailed = isFailure(comparison, revisionFault, losses, failOn);
  const isUnknown = !isFailed && isPossible(comparison, losses, failOn);
  process.exitCode = isFailed ? exitCodes.failed : isUnknown ? exitCodes.unverified : exitCodes.ok;
}

/** Why the later document can't properly follow the earlier one, where that one is in use. */
function findRevisionFault({ changes, revision: { before, after } }: TrustComparison): string | undefined {
  if (after < before)
    return `The revision is lowered from ${before} to ${after}: running apps refuse the later document.`;
  if (after === before && changes.length > 0) {
    return `Both documents have revision ${after}: raise it, so that logs show which one was in use.`;
  }
  return undefined;
}

function isFailure(
  { gains, loses, revision }: TrustComparison,
  revisionFault: string | undefined,
  losses: ReportedLosses | undefined,
  failOn: FailOn,
): boolean {
  switch (failOn) {
    case 'any':
      return gains || loses || (revisionFault !== undefined && revision.after < revision.before);
    case 'gains':
      return gains;
    case 'losses':
      return loses;
    case 'used-losses':
      return losses?.verdict === 'used' || revision.after < revision.before;
    case 'never':
      return false;
  }
}

/** Whether somebody may gain or lose what `--fail-on` names, without anything that shows it. */
function isPossible(
  { possibleGains, possibleLosses }: TrustComparison,
  losses: ReportedLosses | undefined,
  failOn: FailOn,
): boolean {
  if (failOn === 'used-losses') return losses?.verdict === 'cannot_tell';
  const [mayGain, mayLose] = [possibleGains !== undefined, possibleLosses !== undefined];
  return { any: mayGain || mayLose, gains: mayGain, losses: mayLose, never: false }[failOn];
}

const effectLabels: Readonly<Record<TrustEffect, string>> = {
  gains: colors.green('+ gains  '),
  loses: colors.red('- loses  '),
  changes: '· changes',
};

function printComparison(
  comparison: TrustComparison,
  revisionFault: string | undefined,
  losses: ReportedLosses | undefined,
): void {
  const { changes, revision } = comparison;
  for (const change of changes) {
    printLine(`${effectLabels[change.effect]} ${escapeControls(change.sentence)}`);
    for (const line of formatUses(losses?.uses.get(change))) printLine(`          ${escapeControls(line)}`);
  }
  const possible = formatPossible(comparison);
  for (const line of possible) printLine(line);
  if (changes.length > 0) printLine();
  const count = (effect: TrustEffect): number => changes.filter((change) => change.effect === effect).length;
  const summary =
    changes.length === 0
      ? 'Nobody gains or loses anything.'
      : `${count('gains')} gained, ${count('loses')} lost, ${count('changes')} changed${possible.length === 0 ? ' without effect on who may call' : '; the documents do not show whether others gain or lose'}.`;
  printLine(`${summary} Revision ${revision.before} → ${revision.after}.`);
  if (revisionFault !== undefined) printLine(revisionFault);
  for (const sentence of losses?.remarks ?? []) printLine(`- ${escapeControls(sentence)}`);
}
