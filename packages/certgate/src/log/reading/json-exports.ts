import { findPart, type RowSink, readEnvelope, readMessage } from './export-rows.js';
import { isObject, parseJson } from './gate-lines.js';
import type { QueryResult } from './query-result.js';

/**
 * Reads a JSON file that is one value: an array of rows, as `az monitor log-analytics query` prints it, or what the REST
 * API answers, `{"tables":[{"columns":[…],"rows":[…]}]}`.
 *
 * @returns false for what is neither.
 */
export function readJsonExport(text: string, app: string, sink: RowSink, result: QueryResult): boolean {
  const value = parseJson(text);
  const rows = Array.isArray(value) ? value : listRows(value);
  if (rows === undefined) return false;
  result.begin();
  for (const row of rows) {
    if (result.takeRow(row)) continue;
    const envelope = isObject(row) ? readEnvelope(row, app) : undefined;
    if (envelope === undefined) sink.passOther();
    else readMessage(envelope, sink);
  }
  return true;
}

function listRows(answer: unknown): readonly unknown[] | undefined {
  const tables = isObject(answer) ? (answer['tables'] ?? answer['Tables']) : undefined;
  return Array.isArray(tables) ? tables.flatMap(readTable) : undefined;
}

/** One object for each row, with the columns that are read. */
function readTable(table: unknown): readonly unknown[] {
  if (!isObject(table)) return [];
  const { columns, rows } = table;
  if (!Array.isArray(columns) || !Array.isArray(rows)) return [];
  const names = columns.map((column: unknown) => (isObject(column) ? String(column['name']) : String(column)));
  const used = names.flatMap((name, index) => (findPart(name) === undefined ? [] : [[name, index] as const]));
  return rows.map((row: unknown) =>
    Array.isArray(row) ? Object.fromEntries(used.map(([name, index]) => [name, row[index] as unknown])) : undefined,
  );
}
