import Table from 'cli-table3';
import { escapeControls } from '../../faults/safe-text.js';

/** A column's head, what it shows of a row, in one line or several, and the colour of that. */
export type Column<Row> = readonly [
  head: string,
  show: (row: Row) => string | readonly string[],
  paint?: (row: Row) => (text: string) => string,
];

export interface TableSettings {
  /** Without a line between rows, so that hundreds of them are one table. */
  readonly isCompact?: boolean;
  /** The width of each column, whose words are wrapped; null: as wide as its longest text. */
  readonly widths?: (number | null)[];
}

/** One line for each row, or several if words are wrapped. */
export function formatTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  { isCompact = false, widths = [] }: TableSettings = {},
): string {
  const table = new Table({
    head: columns.map(([head]) => head),
    chars: isCompact ? { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' } : {},
    colWidths: widths,
    wordWrap: widths.length > 0,
    style: { head: [], border: [], compact: isCompact },
  });
  for (const row of rows) table.push(listCells(columns, row));
  return table.toString();
}

export function listCells<Row>(columns: readonly Column<Row>[], row: Row): string[] {
  return columns.map(([, show, paint = () => String]) => paint(row)([show(row)].flat().map(escapeControls).join('\n')));
}
