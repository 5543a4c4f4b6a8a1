import { compareTrustDocuments, type TrustComparison } from '../../trust/comparison/compare-documents.js';
import type { TrustEffect } from '../../trust/comparison/trust-change.js';
import { Command, Option } from 'commander';
import colors from 'picocolors';
import { ToolFailure } from '../../faults/tool-failure.js';
import { exitCodes } from '../command-line/exit-codes.js';
import { addHelpSections } from '../command-line/help.js';
import { escapeControls } from '../../faults/safe-text.js';
import { printJson, printLine, printNotice } from '../command-line/output.js';
import { parseStoredDocument } from '../../trust/administration/load-trust-document.js';
import { readDocumentArgument } from './options/read-document-argument.js';

const failConditions = ['any', 'gains', 'losses', 'never'] as const;

interface DiffFlags {
  readonly failOn: (typeof failConditions)[number];
  readonly json?: boolean;
}

export function trustDiffCommand(): Command {
  const command = new Command('diff')
    .description('Show who gains and who loses what when one trust document replaces another.')
    .argument('<before>', 'a path, file:PATH, https:…, blob:https:…, or - for standard input')
    .argument('<after>', 'the document that replaces it, in the same form')
    .addOption(
      new Option('--fail-on <what>', 'what causes exit code 1').choices(failConditions).default('any' as const),
    )
    .option('--json', 'print one JSON object')
    .action(diff);
  return addHelpSections(command, {
    exitCodes: {
      0: 'nobody gains or loses what --fail-on names',
      1: 'somebody gains or loses, as --fail-on names it; with `any` also a revision that running apps would refuse',
      2: "a document can't be read or is not valid",
    },
    examples: [
      'certgate trust diff deployed.json trust.json',
      'git show main:trust.json | certgate trust diff - trust.json --fail-on gains',
      'certgate trust diff blob:https://account.blob.core.windows.net/certgate/trust.json trust.json --json',
    ],
  });
}

async function diff(beforeArgument: string, afterArgument: string, flags: DiffFlags): Promise<void> {
  if (beforeArgument === '-' && afterArgument === '-') {
    throw new ToolFailure('Only one of the two documents can come from standard input.');
  }
  const before = await readDocumentArgument(beforeArgument);
  const after = await readDocumentArgument(afterArgument);
  for (const { stored, description } of [before, after]) {
    if (stored.signature === undefined) continue;
    printNotice(
      `${colors.yellow('warning')} The signature of ${description} was not verified. To verify it: certgate trust check --signed-by FILE`,
    );
  }
  const comparison = compareTrustDocuments(
    parseStoredDocument(before.stored, before.description).snapshot,
    parseStoredDocument(after.stored, after.description).snapshot,
  );
  const revisionFault = findRevisionFault(comparison);
  if (flags.json === true) {
    const { changes, gains, loses, revision } = comparison;
    const names = { before: before.description, after: after.description };
    printJson({ ...names, revision, revisionFault: revisionFault ?? null, gains, loses, changes });
  } else {
    printComparison(comparison, revisionFault);
  }
  if (isFailure(comparison, revisionFault, flags.failOn)) process.exitCode = exitCodes.failed;
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
  { gains, loses, revision }: TrustComparison,
  revisionFault: string | undefined,
  failOn: DiffFlags['failOn'],
): boolean {
  switch (failOn) {
    case 'any':
      return gains || loses || (revisionFault !== undefined && revision.after < revision.before);
    case 'gains':
      return gains;
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

function printComparison({ changes, revision }: TrustComparison, revisionFault: string | undefined): void {
  for (const { effect, sentence } of changes) printLine(`${effectLabels[effect]} ${escapeControls(sentence)}`);
  if (changes.length > 0) printLine();
  const count = (effect: TrustEffect): number => changes.filter((change) => change.effect === effect).length;
  const summary =
    changes.length === 0
      ? 'Nobody gains or loses anything.'
      : `${count('gains')} gained, ${count('loses')} lost, ${count('changes')} changed without effect on who may call.`;
  printLine(`${summary} Revision ${revision.before} → ${revision.after}.`);
  if (revisionFault !== undefined) printLine(revisionFault);
}
