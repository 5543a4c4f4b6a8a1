import Table from 'cli-table3';
import { escapeControls } from '../../texts/safe-text.js';

/** A column: its head, the text that it shows for a row (one line or several), and the color of that text. */
export type Column<Row> = readonly [
  head: string,
  show: (row: Row) => string | readonly string[],
  paint?: (row: Row) => (text: string) => string,
];

export interface TableSettings {
  /** Without lines between the rows, so that hundreds of them are still one readable table. */
  readonly isCompact?: boolean;
  /**
   * The width of each column in characters, with the spaces beside the text; at this width, words are wrapped. Null for
   * a column that is as wide as its longest text.
   */
  readonly widths?: (number | null)[];
}

/** Formats a table. A row has several lines if a cell has several, or if words are wrapped. */
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
