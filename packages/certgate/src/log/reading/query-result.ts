import { isObject } from './gate-lines.js';

/** It contains `certgate`, because rows without the word are skipped. */
export const countColumn = 'certgate_lines';

/** Application Insights has the time at which the host passed the line on. */
const delayMilliseconds = 600_000;

/**
 * KQL: the lines of the times `[from, until)`, in milliseconds, with the app, the instance and the sampling of each. Azure
 * cuts a long result, and `az` prints what is left of it as if it were all. So a row of its own, the first one, has the
 * number of the others as a text: the portal could write a number in another form.
 */
export function writeLinesQuery({ from, until }: { readonly from: number; readonly until: number }): string {
  const [start, end] = [from - 60_000, until + delayMilliseconds].map((time) => new Date(time).toISOString());
  return `let Lines = materialize(AppTraces
    | where TimeGenerated >= datetime(${start}) and TimeGenerated < datetime(${end})
    | where Message startswith_cs '{"certgate":'
    | project TimeGenerated, Message, AppRoleName, AppRoleInstance, ItemCount);
Lines
| union (Lines | summarize ${countColumn} = tostring(count()))
| order by TimeGenerated asc nulls first`;
}

/** Compares the rows of a file with the number that its query found. A log that is no result of a query has none. */
export class QueryResult {
  #isResult = false;
  #rows = 0;
  #found: number | undefined;

  /** Notes that the file has the form of a result, which has the row with the number. */
  begin(): void {
    this.#isResult = true;
  }

  /** @returns true for the row with the number. */
  takeRow(row: unknown): boolean {
    this.begin();
    const value = isObject(row) ? row[countColumn] : undefined;
    const text = typeof value === 'string' || typeof value === 'number' ? `${value}` : '';
    const isCount = /^\d{1,15}$/.test(text);
    if (isCount) this.#found = (this.#found ?? 0) + Number(text);
    // The header of a table has the name of the column.
    else if (text !== countColumn) this.#rows += 1;
    return isCount;
  }

  /** Takes a line of JSON lines, which are a log or a result. Only `az` names the table of each row. */
  takeJsonLine(row: Readonly<Record<string, unknown>>): boolean {
    return ('TableName' in row || countColumn in row) && this.takeRow(row);
  }

  /** Takes another line of a log, to which somebody may have appended a result: what of it is missing is not known. */
  takeText(text: string): void {
    if (/^(?:\[\{|[\w\s"[\],;]*certgate_lines)/.test(text) && text.includes(countColumn)) this.begin();
  }

  /** @returns why lines may be missing. */
  findGap(): string | undefined {
    if (!this.#isResult || this.#found === this.#rows) return undefined;
    return this.#found === undefined
      ? 'It has no row with the number of its lines, so some may be missing: use the query of --print-query.'
      : `It has ${this.#rows} rows, and its query found ${this.#found}.`;
  }
}
