import { type CsvSeparator, readCsvRows } from '../../files/csv-rows.js';
import { type FileSink, findPart, readEnvelope, readMessage } from './export-rows.js';
import type { QueryResult } from './query-result.js';
import { maximumLineLength } from './text-lines.js';

/** The separator of an export, and the names and positions of the columns that are read. */
export interface CsvHeader {
  /** Undefined if the table has only the column of messages. */
  readonly separator: CsvSeparator | undefined;
  readonly columns: readonly (readonly [string, number])[];
}

/** @returns undefined unless the line is the header of a table with a column of messages. */
export function findCsvHeader(line: string): CsvHeader | undefined {
  const separator = /[,;\t]/.exec(line)?.[0] as CsvSeparator | undefined;
  const [header] = line.includes('{') ? [] : readCsvRows(line, separator ?? ',');
  const columns = (header?.cells ?? []).flatMap((name, index) =>
    findPart(name) === undefined ? [] : [[name, index] as const],
  );
  return columns.some(([name]) => findPart(name) === 'message') ? { separator, columns } : undefined;
}

/**
 * Assembles rows from lines. A row may have several lines, because a message in quotation marks may contain line ends.
 */
export class CsvExport {
  readonly #header: CsvHeader;
  readonly #app: string;
  readonly #sink: FileSink;
  readonly #result: QueryResult;
  #begun = '';
  #isOpen = false;

  constructor(header: CsvHeader, app: string, sink: FileSink, result: QueryResult) {
    this.#header = header;
    this.#app = app;
    this.#sink = sink;
    this.#result = result;
  }

  /**
   * @returns false if the line is not part of a row. In a table of one column, that is a line without a quotation mark
   * at its beginning, because what prints such a table may print lines of a gate as they are.
   */
  takeText(line: string): boolean {
    if (!this.#isOpen && this.#header.separator === undefined && !line.startsWith('"')) return false;
    const text = this.#isOpen ? `${this.#begun}\n${line}` : line;
    this.#isOpen = this.#isOpen !== hasOpenMark(line);
    if (!this.#isOpen) this.#takeRow(text);
    else if (text.length <= maximumLineLength) this.#begun = text;
    else {
      // A quotation mark was not closed within the maximum length. The text is dropped, and the next line is read as a
      // new row.
      this.#isOpen = false;
      this.#sink.passTooLong();
    }
    return true;
  }

  end(): void {
    if (this.#isOpen) this.#takeRow(this.#begun);
  }

  #takeRow(text: string): void {
    if (text.trim() === '') {
      this.#sink.passOther();
      return;
    }
    const [row] = readCsvRows(text, this.#header.separator ?? ',');
    const cells = Object.fromEntries(this.#header.columns.map(([name, index]) => [name, row?.cells[index]]));
    if (this.#result.takeRow(cells)) return;
    const envelope = readEnvelope(cells, this.#app);
    if (row?.fault !== undefined) this.#sink.passUnreadable();
    else if (envelope === undefined) this.#sink.passOther();
    else readMessage(envelope, this.#sink);
  }
}

/**
 * Whether the line changes between inside and outside of quotation marks. Two marks in a row are an escaped mark; the
 * first closes and the second opens, so they change nothing.
 */
function hasOpenMark(line: string): boolean {
  let isOpen = false;
  for (let at = line.indexOf('"'); at >= 0; at = line.indexOf('"', at + 1)) isOpen = !isOpen;
  return isOpen;
}
