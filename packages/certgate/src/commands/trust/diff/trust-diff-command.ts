import type { FunctionRequirement } from '@certgate/core/internal';
import colors from 'picocolors';
import { formatToolCall, withStore } from '../../../faults/tool-call.js';
import { escapeControls } from '../../../faults/safe-text.js';
import { ToolFailure } from '../../../faults/tool-failure.js';
import { type LoadedTrustDocument, parseStoredDocument } from '../../../trust/administration/load-trust-document.js';
import { compareTrustDocuments, type TrustComparison } from '../../../trust/comparison/compare-documents.js';
import { formatReading } from '../../../log/reading/reading-text.js';
import type { ReplayReport } from '../../../trust/replay/replay-report.js';
import { type LogFlags, readLogOptions } from '../../log/log-options.js';
import { formatMarkdown } from './diff-markdown.js';
import { formatReplay } from './replay-text.js';
import { formatPossibleGains } from '../report-update.js';
import type { TrustEffect } from '../../../trust/comparison/trust-change.js';
import { type ExitCode, exitCodes } from '../../command-line/exit-codes.js';
import { printJson, printLine, printNotice } from '../../command-line/output.js';
import { readDocumentArgument } from '../options/read-document-argument.js';

interface DiffFlags extends LogFlags {
  readonly failOn?: FailOn;
  readonly replay?: true;
  readonly app?: string;
  readonly markdown?: true;
  readonly json?: boolean;
}

type FailOn = 'any' | 'gains' | 'possible-gains' | 'losses' | 'never';

export async function diff(beforeArgument: string, afterArgument: string, flags: DiffFlags): Promise<void> {
  if (beforeArgument === '-' && afterArgument === '-') {
    throw new ToolFailure('Only one of the two documents can come from standard input.');
  }
  const { log, workspace, since, until, app } = flags;
  if (flags.replay !== true && [log, workspace, since, until, app].some((each) => each !== undefined)) {
    throw new ToolFailure('--log, --workspace, --since, --until and --app are for --replay.', {
      remedy: 'Add --replay, or leave them out.',
    });
  }
  const before = await readDocumentArgument(beforeArgument);
  const after = await readDocumentArgument(afterArgument);
  for (const { stored, description } of [before, after]) {
    if (stored.signature === undefined) continue;
    printNotice(
      `${colors.yellow('warning')} The signature of ${description} was not verified. To verify it: ${formatToolCall(['trust', 'check', '--signed-by', 'FILE', '--store', description])}`,
    );
  }
  const { comparison, earlier, later } = withStore(afterArgument === '-' ? 'STORE' : after.description, () => {
    const [earlier, later] = [before, after].map(({ stored, description }) =>
      parseStoredDocument(stored, description),
    ) as [LoadedTrustDocument, LoadedTrustDocument];
    return { comparison: compareTrustDocuments(earlier.snapshot, later.snapshot), earlier, later };
  });
  const revisionFault = findRevisionFault(comparison);
  const replay = flags.replay === true ? await replayCalls(earlier, later, flags) : undefined;
  if (flags.json === true) {
    const { changes, gains, possibleGains = null, loses, revision } = comparison;
    const names = { before: before.description, after: after.description };
    const report = { ...names, revision, revisionFault: revisionFault ?? null, gains, possibleGains, loses, changes };
    printJson(replay === undefined ? report : { ...report, replay });
  } else if (flags.markdown === true) {
    printLine(formatMarkdown(comparison, revisionFault, replay));
  } else {
    printComparison(comparison, revisionFault);
    if (replay !== undefined) printLine(`\n${formatReplay(replay).join('\n')}`);
  }
  process.exitCode = findExitCode(comparison, revisionFault, replay, flags);
}

async function replayCalls(
  before: LoadedTrustDocument,
  after: LoadedTrustDocument,
  flags: DiffFlags,
): Promise<ReplayReport> {
  // Most comparisons need none of it.
  const { Replay } = await import('../../../trust/replay/replay-calls.js');
  const requirements = flags.app === undefined ? undefined : await readRequirements(flags.app);
  const replay = new Replay({ before, after, requirements });
  const sources = await readLogOptions(flags, (record) => {
    replay.note(record);
  });
  if (flags.json !== true) printNotice(formatReading(sources));
  return replay.conclude(sources);
}

async function readRequirements(folder: string): Promise<ReadonlyMap<string, FunctionRequirement>> {
  const { inspectApp } = await import('../../../app/inspection/inspect-app.js');
  const { findRequirement } = await import('../../../trust/explanation/explained-function.js');
  const { functions } = (await inspectApp({ folder })).report;
  const known = functions.flatMap((each) => {
    const requirement = 'policy' in each ? findRequirement(each) : undefined;
    return requirement === undefined ? [] : [[each.name.toLowerCase(), requirement] as const];
  });
  return new Map(known);
}

function findExitCode(
  comparison: TrustComparison,
  revisionFault: string | undefined,
  replay: ReplayReport | undefined,
  { failOn }: DiffFlags,
): ExitCode {
  // Running apps refuse a lower revision, whatever it says of the calls.
  const isLower = comparison.revision.after < comparison.revision.before;
  const isFailed =
    replay === undefined
      ? isFailure(comparison, revisionFault, failOn ?? 'any')
      : failOn === undefined
        ? isLower
        : isFailure(comparison, revisionFault, failOn);
  if (isFailed || (replay !== undefined && replay.wouldBreak.length > 0)) return exitCodes.failed;
  const isUntold = replay?.from === null || replay?.cannotTell.some(({ was }) => was === 'allowed') === true;
  return isUntold ? exitCodes.unverified : exitCodes.ok;
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
