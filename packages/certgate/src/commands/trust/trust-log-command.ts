import colors from 'picocolors';
import { escapeControls } from '../../faults/safe-text.js';
import type { ChangeLogEntry } from '../../trust/administration/change-log.js';
import { loadTrustDocument } from '../../trust/administration/load-trust-document.js';
import { openTrustLocation } from '../../trust/administration/open-trust-location.js';
import { type HistoryItem, readTrustHistory } from '../../trust/administration/trust-history.js';
import { exitCodes } from '../command-line/exit-codes.js';
import { printJson, printLine } from '../command-line/output.js';
import type { StoreFlags } from './options/store-options.js';
import { paintEffect } from './report-update.js';

interface LogFlags extends StoreFlags {
  readonly all?: boolean;
  readonly export?: 'json-lines' | 'csv';
}

export async function showLog(flags: LogFlags): Promise<void> {
  const location = await openTrustLocation(flags.store);
  // The log first: a change that is made between the two reads would else look like a gap.
  const early = await location.readLog();
  const { documentSha256, document } = await loadTrustDocument(location);
  const lines = early.some((line) => line.includes(documentSha256)) ? early : await location.readLog();
  const { revision } = document;
  const history = readTrustHistory(lines, { documentSha256, revision }).filter(
    ({ kind }) => flags.all === true || kind !== 'lost',
  );
  const isWhole = history.every(isHarmless);
  if (flags.json === true) {
    printJson({ store: location.description, revision, documentSha256, isWhole, items: listHistoryRecords(history) });
  } else if (flags.export === 'json-lines') {
    for (const record of listHistoryRecords(history)) printLine(JSON.stringify(record));
  } else if (flags.export === 'csv') {
    printLine(formatHistoryCsv(history));
  } else {
    printLine(`${location.description}, revision ${revision}`);
    for (const item of history) printItem(item);
  }
  if (!isWhole) process.exitCode = exitCodes.failed;
}

const maximumPrintedChanges = 100;

function isHarmless(item: HistoryItem): boolean {
  return item.kind === 'gap' ? item.isBeginning : ['change', 'same', 'lost'].includes(item.kind);
}

function printItem(item: HistoryItem): void {
  switch (item.kind) {
    case 'change':
      printEntry(item.entry, '');
      return;
    case 'same':
      printEntry(item.entry, colors.dim(' (makes the same document as another line: repeated, or done by two people)'));
      return;
    case 'lost':
      printEntry(item.entry, colors.dim(' (not applied: another change was faster, or the tool was stopped)'));
      return;
    case 'undone':
      printEntry(
        item.entry,
        colors.red(' UNDONE by something other than this tool: the document does not descend from it'),
      );
      return;
    case 'uncertain':
      printEntry(item.entry, colors.yellow(' (this, or another of the same revision; the trail is lost after it)'));
      return;
    case 'gap':
      printLine();
      printLine(
        item.isBeginning
          ? colors.yellow(`The log begins here. The document was there before it (revision ${item.revision}).`)
          : colors.red(
              `CHANGED BY SOMETHING OTHER THAN THIS TOOL: no line explains the document of about revision ${item.revision}.`,
            ),
      );
      return;
    case 'damaged':
      printLine();
      printLine(colors.red(`A line that can't be read: ${escapeControls(item.line.slice(0, 80))}`));
  }
}

function printEntry(entry: ChangeLogEntry, remark: string): void {
  const { at, verb, by, reason, revision, changes, marks = '', changesLeftOut, signed } = entry;
  printLine();
  printLine(
    `${revision}  ${escapeControls(at)}  ${escapeControls(verb)}  by ${escapeControls(by)}${signed ? '  signed' : ''}${remark}`,
  );
  printLine(`    ${escapeControls(reason)}`);
  for (const [index, sentence] of changes.slice(0, maximumPrintedChanges).entries())
    printLine(`    ${paintMark(marks[index])} ${escapeControls(sentence)}`);
  const left = Math.max(0, changes.length - maximumPrintedChanges) + (changesLeftOut ?? 0);
  if (left > 0) printLine(`    … and ${left} more`);
}

/** As the command that made the change printed it. */
function paintMark(mark: string | undefined): string {
  return paintEffect(mark === '+' ? 'gains' : mark === '-' ? 'loses' : 'changes');
}

/** One object per item, for programs: `kind`, and the fields of the log's line. */
function listHistoryRecords(history: readonly HistoryItem[]): readonly object[] {
  return history.map((item) => {
    if (item.kind === 'gap' || item.kind === 'damaged') return item;
    return { kind: item.kind, ...item.entry };
  });
}

const columns = ['kind', 'revision', 'at', 'verb', 'by', 'reason', 'changes', 'documentSha256'] as const;

/** RFC 4180, with a head line. */
function formatHistoryCsv(history: readonly HistoryItem[]): string {
  const rows = history.map((item) => {
    if (item.kind === 'damaged') return [item.kind, '', '', '', '', item.line, '', ''];
    if (item.kind === 'gap') return [item.kind, String(item.revision), '', '', '', '', '', item.documentSha256];
    const { revision, at, verb, by, reason, changes, documentSha256 } = item.entry;
    return [item.kind, String(revision), at, verb, by, reason, changes.join(' | '), documentSha256];
  });
  return [columns, ...rows].map((row) => row.map(formatCell).join(',')).join('\r\n');
}

/** Spreadsheets run what begins like a formula, and reasons are free text. */
function formatCell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return `"${safe.replaceAll('"', '""')}"`;
}
