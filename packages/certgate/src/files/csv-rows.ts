/** One row of a CSV text. `number` counts the rows of the text from 1, including empty ones, as a spreadsheet does. */
export interface CsvRow {
  readonly number: number;
  readonly cells: readonly string[];
  /** Why the row's cells can't be told apart or read, in words. Undefined if they can. */
  readonly fault: string | undefined;
}

export type CsvSeparator = ',' | ';' | '\t';

/**
 * Reads CSV by RFC 4180, strictly: a quotation mark that does not enclose a whole cell is a fault of its row. Empty
 * rows are left out, but the row numbers include them.
 */
export function* readCsvRows(text: string, separator: CsvSeparator): Generator<CsvRow, void, undefined> {
  let cells: string[] = [];
  let faults: string[] = [];
  let number = 1;
  for (let at = 0; at <= text.length;) {
    const { value, end, fault } = readCell(text, at, separator);
    cells.push(value.trim());
    if (fault !== undefined) faults.push(fault);
    at = end + 1;
    if (text[end] === separator) continue;
    if (text.startsWith('\r\n', end)) at += 1;
    if (faults.length > 0 || cells.some((cell) => cell !== '')) yield { number, cells, fault: faults[0] };
    cells = [];
    faults = [];
    number += 1;
  }
}

interface Cell {
  readonly value: string;
  /** The position in the text of the cell's separator or line end, or the text's length if the cell is the last one. */
  readonly end: number;
  readonly fault: string | undefined;
}

function readCell(text: string, start: number, separator: CsvSeparator): Cell {
  const { value, next, isOpen } = text[start] === '"' ? readQuoted(text, start + 1) : notQuoted(start);
  const end = findCellEnd(text, next, separator);
  const rest = text.slice(next, end);
  return { value: value + rest, end, fault: explainCell(value + rest, rest, isOpen, text[start] === '"') };
}

function explainCell(value: string, rest: string, isOpen: boolean, isQuoted: boolean): string | undefined {
  if (isOpen) return 'a quotation mark opens a cell and is never closed';
  if (isQuoted ? rest.trim() !== '' : rest.includes('"')) {
    return 'a quotation mark is inside a cell; put the whole cell into quotation marks, and write "" for one inside it';
  }
  // The decoder writes U+FFFD for bytes that are not UTF-8.
  return value.includes('\ufffd')
    ? 'it has characters that can\'t be read; save the file as UTF-8 (in Excel: "CSV UTF-8")'
    : undefined;
}

interface Quoted {
  readonly value: string;
  readonly next: number;
  readonly isOpen: boolean;
}

function notQuoted(next: number): Quoted {
  return { value: '', next, isOpen: false };
}

/**
 * Reads a quoted cell from after its opening quotation mark to its closing one. Two quotation marks in a row mean one.
 */
function readQuoted(text: string, start: number): Quoted {
  const parts: string[] = [];
  for (let from = start; ;) {
    const mark = text.indexOf('"', from);
    if (mark === -1) return { value: parts.join('') + text.slice(from), next: text.length, isOpen: true };
    parts.push(text.slice(from, mark));
    if (text[mark + 1] !== '"') return { value: parts.join(''), next: mark + 1, isOpen: false };
    parts.push('"');
    from = mark + 2;
  }
}

function findCellEnd(text: string, from: number, separator: CsvSeparator): number {
  for (let at = from; at < text.length; at += 1) {
    const character = text[at];
    if (character === separator || character === '\n' || character === '\r') return at;
  }
  return text.length;
}
