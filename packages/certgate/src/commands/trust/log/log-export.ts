import type { HistoryItem } from '../../../trust/administration/trust-history.js';

/** One object per item, for programs: `kind`, and the fields of the log's line. */
export function listHistoryRecords(history: readonly HistoryItem[]): readonly object[] {
  return history.map((item) => {
    if (item.kind === 'gap' || item.kind === 'damaged') return item;
    return { kind: item.kind, ...item.entry };
  });
}

const columns = ['kind', 'revision', 'at', 'verb', 'by', 'reason', 'changes', 'documentSha256'] as const;

/** RFC 4180, with a head line. */
export function formatHistoryCsv(history: readonly HistoryItem[]): string {
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
