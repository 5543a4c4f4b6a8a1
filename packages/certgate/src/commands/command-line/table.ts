import Table from 'cli-table3';
import { escapeControls } from '../../faults/safe-text.js';

/** A column's head, and what it shows of a row. */
export type Column<Row> = readonly [head: string, show: (row: Row) => string];

/** `isCompact`: without a line between rows, so that hundreds of them are one table. */
export function formatTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[], isCompact = false): string {
  const chars = isCompact ? { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' } : {};
  const head = columns.map(([title]) => title);
  const table = new Table({ head, chars, style: { head: [], border: [], compact: isCompact } });
  table.push(...rows.map((row) => columns.map(([, show]) => escapeControls(show(row)))));
  return table.toString();
}
