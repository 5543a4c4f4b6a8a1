import { type CsvRow, type CsvSeparator, readCsvRows } from '../../files/csv-rows.js';
import { CallerRow, findColumn, type RowOptions, tableColumns } from './caller-row.js';
import type { ImportEntry, ImportReading, ImportRefusal } from './import-reading.js';
import { findDisagreement, type StatedIdentity, statedColumns } from './stated-identity.js';

/** The example admits nobody as it is, because its thumbprint and its file are placeholders. */
export const tableTemplate: string = [
  tableColumns.join(','),
  'billing,payments team,orders.read orders.write,,THUMBPRINT,OR-ITS-FILE.crt.pem,2030-12-31',
]
  .map((line) => `${line}\r\n`)
  .join('');

const separators: readonly CsvSeparator[] = [',', ';', '\t'];

/**
 * Finds the separator by the header row, which must have at least two of the columns. Undefined if the text is not a
 * table of callers.
 */
export function findTableSeparator(text: string): CsvSeparator | undefined {
  return separators.find((separator) => {
    const [header] = readCsvRows(text, separator);
    const known = header?.cells.filter((cell) => findColumn(cell) !== undefined) ?? [];
    return known.length >= 2;
  });
}

export interface TableOptions extends RowOptions {
  readonly separator: CsvSeparator;
}

/**
 * Reads a certificate from each row, and what its caller may do. Every row that can't be used is reported. If the
 * header lacks a necessary column, no row is read, and only faults of the header are reported.
 */
export async function readCallerTable(text: string, options: TableOptions): Promise<ImportReading> {
  const [header, ...rows] = readCsvRows(text, options.separator);
  const columns = header?.cells.map(findColumn) ?? [];
  const faults: ImportRefusal[] = header === undefined ? [] : listHeaderFaults(header);
  const entries: ImportEntry[] = [];
  const canReadRows = columns.includes('name') && (columns.includes('thumbprint') || columns.includes('certificate'));
  const agreement = new Agreement();
  for (const row of canReadRows ? rows : []) {
    const reader = new CallerRow(row, columns, options);
    const { entry, name, stated } = await reader.read();
    // An entry is kept even if there are faults, so that the same run finds what it contradicts.
    if (entry !== undefined) entries.push(entry);
    faults.push(...reader.faults, ...(stated === undefined ? [] : agreement.check(name, stated)));
  }
  return { format: 'csv', entries, refusals: [], faults };
}

function listHeaderFaults({ cells, fault, number }: CsvRow): ImportRefusal[] {
  const wanted = `The columns are ${tableColumns.join(', ')}.`;
  const seen = new Set<string>();
  const faults: ImportRefusal[] =
    fault === undefined ? [] : [{ origin: `row ${number}`, item: cells.join(' '), reason: fault }];
  for (const [index, cell] of cells.entries()) {
    const report = (reason: string): void => {
      faults.push({ origin: `row ${number}, column ${index + 1}`, item: cell, reason });
    };
    const column = findColumn(cell);
    if (column === undefined) report(`${cell === '' ? 'it has no heading' : 'there is no such column'}. ${wanted}`);
    else if (seen.has(column)) report('this column appears twice; remove one of them');
    seen.add(column ?? '');
  }
  const item = cells.join(', ');
  if (!seen.has('name'))
    faults.push({ origin: `row ${number}`, item, reason: `the column name is missing. ${wanted}` });
  if (!seen.has('thumbprint') && !seen.has('certificate')) {
    faults.push({
      origin: `row ${number}`,
      item,
      reason: `it needs a column thumbprint or a column certificate. ${wanted}`,
    });
  }
  return faults;
}

/** Checks that rows of one name say the same about the identity, because they become several pins of it. */
class Agreement {
  readonly #first = new Map<string, StatedIdentity>();

  check(name: string, stated: StatedIdentity): readonly ImportRefusal[] {
    const first = this.#first.get(name.toLowerCase());
    if (first === undefined) this.#first.set(name.toLowerCase(), stated);
    const column = first && findDisagreement(stated, first);
    if (first === undefined || column === undefined) return [];
    const reason = `${first.row} says something else in this column; rows of one name must agree in ${statedColumns.join(', ')}`;
    return [{ origin: `${stated.row}, column ${column}`, item: name, reason }];
  }
}
