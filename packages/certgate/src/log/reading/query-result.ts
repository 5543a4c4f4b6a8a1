import { isObject } from './gate-lines.js';

/** The column with the number of rows. Its name contains `certgate`, because lines without that word are skipped. */
export const countColumn = 'certgate_lines';

/**
 * How much later than the gate's own time a line may arrive. Application Insights stores the time at which the host
 * passed the line on.
 */
const delayMilliseconds = 600_000;

/**
 * A KQL query for the lines of the time `[from, until)` and a few more, in milliseconds since 1970-01-01T00:00:00Z,
 * with the app, the instance and the sampling of each. Azure cuts a long result, and `az` prints the rest as if it were
 * complete. So the first row contains the number of the other rows. It is a text, because the portal could format a
 * number.
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

/**
 * Compares the number of rows in a file with the number that its query found. A file that is not the result of a query
 * has no such number.
 */
export class QueryResult {
  #isResult = false;
  #rows = 0;
  #found: number | undefined;

  /** Notes that the file has the form of a query's result, which must contain the row with the number. */
  begin(): void {
    this.#isResult = true;
  }

  /** @returns whether this is the row with the number. */
  takeRow(row: unknown): boolean {
    this.begin();
    const value = isObject(row) ? row[countColumn] : undefined;
    const text = typeof value === 'string' || typeof value === 'number' ? `${value}` : '';
    const isCount = /^\d{1,15}$/.test(text);
    if (isCount) this.#found = (this.#found ?? 0) + Number(text);
    // The header line of a CSV file comes as a row too. It contains the column's name.
    else if (text !== countColumn) this.#rows += 1;
    return isCount;
  }

  /**
   * Takes a line of JSON lines, which may belong to a log or to a query's result. Only `az` writes the name of the
   * table into each row.
   */
  takeJsonLine(row: Readonly<Record<string, unknown>>): boolean {
    return ('TableName' in row || countColumn in row) && this.takeRow(row);
  }

  /**
   * Takes any other line of a log. Somebody may have appended a query's result to the log; then it is unknown which
   * rows are missing.
   */
  takeText(text: string): void {
    if (/^(?:\[\{|[\w\s"[\],;]*certgate_lines)/.test(text) && text.includes(countColumn)) this.begin();
  }

  /** @returns why lines may be missing, or undefined if there is no sign of that. */
  findGap(): string | undefined {
    if (!this.#isResult || this.#found === this.#rows) return undefined;
    return this.#found === undefined
      ? 'It has no row with the number of its lines, so some may be missing: use the query of --print-query.'
      : `It has ${this.#rows} rows, and its query found ${this.#found}.`;
  }
}
