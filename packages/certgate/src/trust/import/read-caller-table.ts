import { type CsvRow, type CsvSeparator, readCsvRows } from '../../files/csv-rows.js';
import { CallerRow, findColumn, type RowOptions, tableColumns } from './caller-row.js';
import type { ImportEntry, ImportReading, ImportRefusal } from './import-reading.js';
import { findDisagreement, type StatedIdentity, statedColumns } from './stated-identity.js';

/** Nobody is admitted by the example as it is: its thumbprint and its file are none. */
export const tableTemplate: string = [
  tableColumns.join(','),
  'billing,payments team,orders.read orders.write,,THUMBPRINT,OR-ITS-FILE.crt.pem,2030-12-31',
]
  .map((line) => `${line}\r\n`)
  .join('');

const separators: readonly CsvSeparator[] = [',', ';', '\t'];

/** By the header row: two of the columns are in it, whatever separates them. Undefined: it is no such table. */
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

/** A certificate in each row, and what its caller may do. Every row that can't be used is named. */
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
    // With other faults too: what it contradicts is found in the same run.
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

/** Several rows of one name are several pins of one identity, so they say the same of it. */
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
