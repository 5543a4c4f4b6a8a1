import colors from 'picocolors';
import { escapeControls } from '../../texts/safe-text.js';
import type { ChangeLogEntry } from '../../trust/administration/change-log.js';
import { getIdentity } from '../../trust/administration/edits/identity-edits.js';
import {
  hashDocument,
  type LoadedTrustDocument,
  parseStoredDocument,
  readStoredDocument,
} from '../../trust/administration/load-trust-document.js';
import type { StoredDocument } from '../../trust/administration/location/trust-location.js';
import { openTrustLocation } from '../../trust/administration/open-trust-location.js';
import { findConcern } from '../../trust/administration/touched-identities.js';
import { type HistoryItem, readTrustHistory } from '../../trust/administration/trust-history.js';
import { exitCodes } from '../command-line/exit-codes.js';
import { formatCsv } from '../command-line/format-csv.js';
import { printJson, printLine } from '../command-line/output.js';
import { reportFailure } from '../command-line/report-failure.js';
import type { StoreFlags } from './options/store-options.js';
import { paintEffect } from './report-update.js';

interface TrustLogFlags extends StoreFlags {
  readonly identity?: string;
  /** In milliseconds since 1970-01-01T00:00:00Z. */
  readonly since?: number;
  readonly roles?: boolean;
  readonly export?: 'csv';
}

export async function showLog(flags: TrustLogFlags): Promise<void> {
  const location = await openTrustLocation(flags.store);
  // The log is read first. Otherwise, a change that is made between the two reads would look like a gap.
  const early = await location.readLog();
  const stored = await readStoredDocument(location);
  const documentSha256 = hashDocument(stored.bytes);
  const lines = early.some((line) => line.includes(documentSha256)) ? early : await location.readLog();
  const store = location.description;
  const loaded = readUnlessDamaged(stored, store, flags.roles !== true && lines.length > 0);
  const revision = loaded?.document.revision;
  const whole = readTrustHistory(lines, { documentSha256, revision });
  const recent = listRecent(whole, flags);
  // The changes of all identities decide this, because what something other than this tool changed may concern
  // everybody.
  const isExplained = recent.every(isHarmless);
  const isWhole = isExplained && !recent.some(({ kind }) => kind === 'gap');
  const history = recent.filter(
    (item) => !('entry' in item) || flags.identity === undefined || findConcern(item.entry, flags.identity) !== 'no',
  );
  if (!isWhole) process.exitCode = isExplained ? exitCodes.unverified : exitCodes.failed;
  if (flags.roles === true && loaded !== undefined) {
    const { reportRoles } = await import('./trust-roles-report.js');
    const { identity } = flags;
    reportRoles(
      {
        store,
        loaded,
        history: whole,
        ...(identity === undefined ? {} : { name: getIdentity(loaded.document, identity).name }),
      },
      flags,
    );
  } else if (flags.json === true) {
    printJson({
      store,
      revision: revision ?? null,
      documentSha256,
      isWhole,
      items: listHistoryRecords(history, flags.identity),
    });
  } else if (flags.export === 'csv') {
    printLine(formatHistoryCsv(history, flags.identity));
  } else {
    printLine(`${store}, ${revision === undefined ? "which can't be read" : `revision ${revision}`}`);
    for (const item of history) printItem(item, flags.identity);
    if (!history.some((item) => 'entry' in item)) printLine(`\nThe log has no change${describeFilter(flags)}.`);
  }
}

/**
 * Reads the document. If it can't be used and `isLogEnough` is true, that is reported and the result is undefined,
 * because the log still shows what was there.
 */
function readUnlessDamaged(
  stored: StoredDocument,
  store: string,
  isLogEnough: boolean,
): LoadedTrustDocument | undefined {
  try {
    return parseStoredDocument(stored, store);
  } catch (failure) {
    if (!isLogEnough) throw failure;
    reportFailure(failure, false);
    return undefined;
  }
}

function describeFilter({ identity, since }: TrustLogFlags): string {
  const whom = identity === undefined ? '' : ` that concerns ${escapeControls(JSON.stringify(identity))}`;
  return since === undefined ? whom : `${whom} from ${new Date(since).toISOString()} on`;
}

/**
 * The items since the given time. An item without a time (a gap, or a line that can't be read) belongs to the change
 * that follows it.
 */
function listRecent(whole: readonly HistoryItem[], { since }: TrustLogFlags): readonly HistoryItem[] {
  const recent: HistoryItem[] = [];
  let isRecent = true;
  for (const item of [...whole].reverse()) {
    if ('entry' in item) {
      const at = Date.parse(item.entry.at);
      isRecent = since === undefined || Number.isNaN(at) || at >= since;
    }
    if (isRecent) recent.push(item);
  }
  return recent.reverse();
}

const maximumPrintedChanges = 100;

function isHarmless(item: HistoryItem): boolean {
  return item.kind === 'gap' ? item.isBeginning : ['change', 'same', 'lost'].includes(item.kind);
}

/** What is printed after a change's own line. */
const remarks: Readonly<Record<Extract<HistoryItem, { readonly entry: ChangeLogEntry }>['kind'], string>> = {
  change: '',
  same: colors.dim(' (makes the same document as another line: repeated, or done by two people)'),
  lost: colors.dim(' (not applied: another change was faster, or the tool was stopped)'),
  undone: colors.red(' UNDONE by something other than this tool: the document does not descend from it'),
  uncertain: colors.yellow(' (perhaps not applied: the trail is lost after it)'),
};

function printItem(item: HistoryItem, identity?: string): void {
  printLine();
  if ('entry' in item) printChange(item.entry, remarks[item.kind], identity);
  else if (item.kind === 'damaged')
    printLine(colors.red(`A line that can't be read: ${escapeControls(item.line.slice(0, 80))}`));
  else if (item.isBeginning)
    printLine(
      colors.yellow(
        `The log begins here. The document was there before it (revision ${item.revision}); who changed it until then is not known.`,
      ),
    );
  else {
    printLine(
      colors.red(
        `CHANGED BY SOMETHING OTHER THAN THIS TOOL: no line explains the document of about revision ${item.revision}.`,
      ),
    );
  }
}

function printChange(entry: ChangeLogEntry, remark: string, identity: string | undefined): void {
  const { at, verb, by, reason, revision, changes, marks = '', changesLeftOut, signed } = entry;
  const concern = identity === undefined ? 'yes' : findConcern(entry, identity);
  const doubt = concern === 'perhaps' ? colors.yellow(' (may concern it: the line does not say)') : '';
  printLine(
    `${revision}  ${escapeControls(at)}  ${escapeControls(verb)}  by ${escapeControls(by)}${signed ? '  signed' : ''}${remark}${doubt}`,
  );
  printLine(`    ${escapeControls(reason)}`);
  const sentences = changes.map((sentence, index) => ({ sentence, mark: marks[index] }));
  const own = identity === undefined ? [] : sentences.filter(({ sentence }) => names(sentence, identity));
  // For one identity, only its own sentences are shown, because an import of hundreds has a sentence for each of them.
  // If a change concerns the identity without naming it, all sentences are shown.
  const shown = (own.length > 0 || concern !== 'yes' ? own : sentences).slice(0, maximumPrintedChanges);
  for (const { sentence, mark } of shown) printLine(`    ${paintMark(mark)} ${escapeControls(sentence)}`);
  const left = changes.length - shown.length + (changesLeftOut ?? 0);
  if (left > 0) printLine(`    … and ${left} more`);
}

function names(sentence: string, identity: string): boolean {
  return sentence.toLowerCase().includes(`"${identity}"`.toLowerCase());
}

/** The sign that the command which made the change printed. */
function paintMark(mark: string | undefined): string {
  return paintEffect(mark === '+' ? 'gains' : mark === '-' ? 'loses' : 'changes');
}

/** One object for each item, for programs: `kind`, and the fields of the log's line. */
function listHistoryRecords(history: readonly HistoryItem[], identity: string | undefined): readonly object[] {
  return history.map((item) => {
    if (!('entry' in item)) return item;
    return {
      kind: item.kind,
      ...(identity === undefined ? {} : { concerns: findConcern(item.entry, identity) }),
      ...item.entry,
    };
  });
}

const columns = ['kind', 'revision', 'at', 'verb', 'by', 'reason', 'changes', 'documentSha256'] as const;

function formatHistoryCsv(history: readonly HistoryItem[], identity: string | undefined): string {
  const rows = history.map((item) => {
    const row = listCells(item);
    if (identity === undefined) return row;
    // A gap, or a line that can't be read, may concern every identity.
    return [...row, 'entry' in item ? findConcern(item.entry, identity) : 'perhaps'];
  });
  return formatCsv(identity === undefined ? columns : [...columns, 'concerns'], rows);
}

function listCells(item: HistoryItem): readonly string[] {
  if (item.kind === 'damaged') return [item.kind, '', '', '', '', item.line, '', ''];
  if (item.kind === 'gap') return [item.kind, String(item.revision), '', '', '', '', '', item.documentSha256];
  const { revision, at, verb, by, reason, changes, documentSha256 } = item.entry;
  return [item.kind, String(revision), at, verb, by, reason, changes.join(' | '), documentSha256];
}
