import colors from 'picocolors';
import { formatTrustChange } from '../../texts/tool-call.js';
import { escapeControls } from '../../texts/safe-text.js';
import { printJson, printLine } from '../command-line/output.js';
import { computeLatency, describeLatency, type LatencyFlags } from './options/store-options.js';
import type { TrustComparison } from '../../trust/comparison/compare-documents.js';
import type { StoredDocument } from '../../trust/administration/location/trust-location.js';
import type { TrustUpdate } from '../../trust/administration/update-trust-document.js';

/** The flags of every writing verb that decide how the update is printed, and what is known of the apps. */
type ReportFlags = LatencyFlags & { readonly json?: boolean };

export interface UpdateReport {
  /** One sentence at the beginning, e.g. `Added the identity billing.` */
  readonly done: string;
  /** Further sentences, such as how to undo the change, or what it does not reach. */
  readonly notes?: readonly string[];
  /** More fields for `--json`. */
  readonly json?: object;
}

const maximumPrintedChanges = 100;

/**
 * Prints what a verb that changed the document reports: who gains and who loses what, in the words of the comparison,
 * the new revision, and when it takes effect.
 */
export function reportUpdate(
  store: string,
  update: TrustUpdate,
  { done, notes = [], json = {} }: UpdateReport,
  flags: ReportFlags,
): void {
  const { changes, possibleGains = null, possibleLosses = null } = update.comparison;
  if (flags.json === true) {
    const { outcome, revision, documentSha256, signed, signedWith } = update;
    const previousRevision = update.replacesUnreadable === true ? null : update.before.document.revision;
    const countsWithinSeconds = computeLatency(flags);
    printJson({
      store,
      outcome,
      revision,
      previousRevision,
      documentSha256,
      signed,
      signedWith,
      countsWithinSeconds,
      changes,
      possibleGains,
      possibleLosses,
      ...json,
    });
    return;
  }
  if (update.outcome === 'unchanged') {
    printLine(`Nothing to change: the document (revision ${update.revision}) is already as requested.`);
    return;
  }
  printLine(update.outcome === 'planned' ? `Not done, because of --dry-run: ${done}` : done);
  for (const { effect, sentence } of changes.slice(0, maximumPrintedChanges)) {
    printLine(`  ${paintEffect(effect)} ${escapeControls(sentence)}`);
  }
  if (changes.length > maximumPrintedChanges) {
    printLine(`  … and ${changes.length - maximumPrintedChanges} more; --json lists all of them`);
  }
  for (const line of formatPossible(update.comparison)) printLine(`  ${line}`);
  const signature = update.signedWith === undefined ? '' : `, signed with ${update.signedWith}`;
  const before = update.replacesUnreadable === true ? '(unknown)' : update.before.document.revision;
  printLine(`Revision ${before} → ${update.revision}${signature}, in ${store}`);
  if (update.outcome === 'written') printLine(describeLatency(flags));
  for (const note of describeOtherNames(update.before, store)) printLine(note);
  const isStillLocked = update.before.document.locked !== undefined && update.after.locked !== undefined;
  if (isStillLocked)
    printLine(`The document is locked: nobody is admitted. To end that: ${formatTrustChange('unlock')}`);
  for (const note of notes) printLine(note);
}

/** Warns about other names (hard links) of the file of a document that is replaced, or would be. */
export function describeOtherNames(
  { otherNames = 0 }: Pick<StoredDocument, 'otherNames'>,
  store: string,
): readonly string[] {
  if (otherNames === 0) return [];
  const names =
    otherNames === 1 ? 'another name (a hard link), which keeps' : `${otherNames} other names (hard links), which keep`;
  return [
    `The file has ${names} the old document: only apps that read ${store} see the change. Give apps a symbolic link.`,
  ];
}

export function formatPossible({ possibleGains, possibleLosses }: TrustComparison): readonly string[] {
  return [possibleGains, possibleLosses]
    .filter((sentence) => sentence !== undefined)
    .map((sentence) => `${colors.yellow('?')} cannot tell: ${escapeControls(sentence)}`);
}

const effectSigns: Readonly<Record<string, string>> = { gains: colors.green('+'), loses: colors.red('-') };

export function paintEffect(effect: string): string {
  return effectSigns[effect] ?? '·';
}
