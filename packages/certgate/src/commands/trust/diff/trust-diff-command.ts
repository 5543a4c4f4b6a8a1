import type { TrustSnapshot } from '@certgate/core/internal';
import colors from 'picocolors';
import { formatToolCall, withStore } from '../../../faults/tool-call.js';
import { escapeControls } from '../../../faults/safe-text.js';
import { ToolFailure } from '../../../faults/tool-failure.js';
import { parseStoredDocument } from '../../../trust/administration/load-trust-document.js';
import { compareTrustDocuments, type TrustComparison } from '../../../trust/comparison/compare-documents.js';
import { formatMarkdown } from './diff-markdown.js';
import { formatPossibleGains } from '../report-update.js';
import type { TrustEffect } from '../../../trust/comparison/trust-change.js';
import { exitCodes } from '../../command-line/exit-codes.js';
import { printJson, printLine, printNotice } from '../../command-line/output.js';
import { readDocumentArgument } from '../options/read-document-argument.js';

interface DiffFlags {
  readonly failOn: FailOn;
  readonly markdown?: true;
  readonly json?: boolean;
}

type FailOn = 'any' | 'gains' | 'possible-gains' | 'losses' | 'never';

export async function diff(beforeArgument: string, afterArgument: string, flags: DiffFlags): Promise<void> {
  if (beforeArgument === '-' && afterArgument === '-') {
    throw new ToolFailure('Only one of the two documents can come from standard input.');
  }
  const before = await readDocumentArgument(beforeArgument);
  const after = await readDocumentArgument(afterArgument);
  for (const { stored, description } of [before, after]) {
    if (stored.signature === undefined) continue;
    printNotice(
      `${colors.yellow('warning')} The signature of ${description} was not verified. To verify it: ${formatToolCall(['trust', 'check', '--signed-by', 'FILE', '--store', description])}`,
    );
  }
  const comparison = withStore(afterArgument === '-' ? 'STORE' : after.description, () => {
    const [earlier, later] = [before, after].map(
      ({ stored, description }) => parseStoredDocument(stored, description).snapshot,
    ) as [TrustSnapshot, TrustSnapshot];
    return compareTrustDocuments(earlier, later);
  });
  const revisionFault = findRevisionFault(comparison);
  if (flags.json === true) {
    const { changes, gains, possibleGains = null, loses, revision } = comparison;
    const names = { before: before.description, after: after.description };
    printJson({ ...names, revision, revisionFault: revisionFault ?? null, gains, possibleGains, loses, changes });
  } else if (flags.markdown === true) {
    printLine(formatMarkdown(comparison, revisionFault));
  } else {
    printComparison(comparison, revisionFault);
  }
  process.exitCode = isFailure(comparison, revisionFault, flags.failOn) ? exitCodes.failed : exitCodes.ok;
}

/** What keeps the later document from counting where the earlier one is in use. */
function findRevisionFault({ changes, revision: { before, after } }: TrustComparison): string | undefined {
  if (after < before)
    return `The revision is lowered from ${before} to ${after}: running apps refuse the later document.`;
  if (after === before && changes.length > 0) {
    return `Both documents have revision ${after}: raise it, so that logs show which one was in use.`;
  }
  return undefined;
}

function isFailure(
  { gains, possibleGains, loses, revision }: TrustComparison,
  revisionFault: string | undefined,
  failOn: FailOn,
): boolean {
  switch (failOn) {
    case 'any':
      return gains || loses || (revisionFault !== undefined && revision.after < revision.before);
    case 'gains':
      return gains;
    case 'possible-gains':
      return gains || possibleGains !== undefined;
    case 'losses':
      return loses;
    case 'never':
      return false;
  }
}

const effectLabels: Readonly<Record<TrustEffect, string>> = {
  gains: colors.green('+ gains  '),
  loses: colors.red('- loses  '),
  changes: '· changes',
};

function printComparison(
  { changes, possibleGains, revision }: TrustComparison,
  revisionFault: string | undefined,
): void {
  for (const { effect, sentence } of changes) printLine(`${effectLabels[effect]} ${escapeControls(sentence)}`);
  if (possibleGains !== undefined) printLine(formatPossibleGains(possibleGains));
  if (changes.length > 0) printLine();
  const count = (effect: TrustEffect): number => changes.filter((change) => change.effect === effect).length;
  const summary =
    changes.length === 0
      ? 'Nobody gains or loses anything.'
      : `${count('gains')} gained, ${count('loses')} lost, ${count('changes')} changed without effect on who may call.`;
  printLine(`${summary} Revision ${revision.before} → ${revision.after}.`);
  if (revisionFault !== undefined) printLine(revisionFault);
}
