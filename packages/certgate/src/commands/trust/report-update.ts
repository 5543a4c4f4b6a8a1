import colors from 'picocolors';
import { escapeControls, printJson, printLine } from '../../command-line/output.js';
import type { TrustUpdate } from '../../trust-administration/update-trust-document.js';

export interface UpdateReport {
  /** One sentence at the head, e.g. `Added billing.` */
  readonly done: string;
  /** How to undo it, how long it takes, what it doesn't reach. */
  readonly notes?: readonly string[];
  /** More fields for `--json`. */
  readonly json?: object;
}

const maximumPrintedChanges = 100;

/** What every writing verb prints: who gains and who loses what, in the words of the comparison, and the new revision. */
export function reportUpdate(
  store: string,
  update: TrustUpdate,
  { done, notes = [], json = {} }: UpdateReport,
  isJson: boolean | undefined,
): void {
  const changes = update.comparison.changes;
  if (isJson === true) {
    const { outcome, revision, signed } = update;
    const previousRevision = update.before.document.revision;
    printJson({ store, outcome, revision, previousRevision, signed, changes, ...json });
    return;
  }
  if (update.outcome === 'unchanged') {
    printLine(`Nothing to change: the document (revision ${update.revision}) says so already.`);
    return;
  }
  printLine(update.outcome === 'planned' ? `Would be done, and is not (--dry-run): ${done}` : done);
  for (const { effect, sentence } of changes.slice(0, maximumPrintedChanges)) {
    printLine(`  ${paintEffect(effect)} ${escapeControls(sentence)}`);
  }
  if (changes.length > maximumPrintedChanges) {
    printLine(`  … and ${changes.length - maximumPrintedChanges} more; --json lists all of them`);
  }
  printLine(
    `Revision ${update.before.document.revision} → ${update.revision}${update.signed ? ', signed' : ''}, in ${store}`,
  );
  for (const note of notes) printLine(note);
}

const effectSigns: Readonly<Record<string, string>> = { gains: colors.green('+'), loses: colors.red('-') };

function paintEffect(effect: string): string {
  return effectSigns[effect] ?? '·';
}
