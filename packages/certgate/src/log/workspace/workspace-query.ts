import { isObject } from '../reading/gate-lines.js';

/** `[from, until)` in milliseconds since 1970-01-01T00:00:00Z. */
export interface QuerySpan {
  readonly from: number;
  readonly until: number;
}

/** Application Insights has the time at which the host passed the line on. */
const delayMilliseconds = 600_000;

/** Lines of these times are within these times of the workspace. */
export function widen({ from, until }: QuerySpan): QuerySpan {
  return { from: from - 60_000, until: until + delayMilliseconds };
}

function selectLines({ from, until }: QuerySpan): string {
  return `AppTraces
| where TimeGenerated >= datetime(${format(from)}) and TimeGenerated < datetime(${format(until)})
| where Message startswith_cs '{"certgate":'`;
}

function format(instant: number): string {
  return new Date(instant).toISOString();
}

/** KQL: the lines, with the app, the instance and the sampling of each. */
export function writeLinesQuery(span: QuerySpan): string {
  return `${selectLines(span)}
| project TimeGenerated, Message, AppRoleName, AppRoleInstance, ItemCount
| order by TimeGenerated asc`;
}

const binMilliseconds = 3_600_000;

/** KQL: how many there are, by hour. */
export function writeCountQuery(span: QuerySpan): string {
  return `${selectLines(span)}
| summarize Lines = count() by TimeGenerated = bin(TimeGenerated, 1h)
| order by TimeGenerated asc`;
}

/**
 * Of one query. The service gives at most 500,000 rows and about 100 MB (64 MB, by older texts), and the SDK holds an
 * answer in memory several times.
 */
export const maximumRows = 30_000;

/** A span for each query, so that none has more rows than that; hours without lines are asked for with their neighbours. */
export function divideSpan(span: QuerySpan, counts: ReadonlyMap<number, number>): readonly QuerySpan[] {
  const spans: QuerySpan[] = [];
  let { from } = span;
  let sum = 0;
  for (const [hour, count] of [...counts].sort(([one], [other]) => one - other)) {
    const begin = Math.max(hour, span.from);
    const end = Math.min(hour + binMilliseconds, span.until);
    if (sum + count > maximumRows && begin > from) {
      spans.push({ from, until: begin });
      from = begin;
      sum = 0;
    }
    sum += count;
    const parts = Math.ceil(sum / maximumRows);
    if (parts < 2) continue;
    spans.push(...divideEvenly({ from, until: end }, parts));
    from = end;
    sum = 0;
  }
  return [...spans, { from, until: span.until }].filter((each) => each.from < each.until);
}

export function divideEvenly({ from, until }: QuerySpan, parts: number): readonly QuerySpan[] {
  const bound = (index: number): number => Math.round(from + ((until - from) * index) / parts);
  return Array.from({ length: parts }, (_, index) => ({ from: bound(index), until: bound(index + 1) }));
}

/** A table as the SDK gives it: rows of cells, whose times are dates. */
export interface QueryTable {
  readonly columnDescriptors: readonly { readonly name?: string }[];
  readonly rows: readonly (readonly unknown[])[];
}

export function listTableRows(tables: readonly QueryTable[]): readonly Readonly<Record<string, unknown>>[] {
  return tables.flatMap(({ columnDescriptors, rows }) =>
    rows.map((row) => Object.fromEntries(columnDescriptors.map(({ name = '' }, index) => [name, row[index]]))),
  );
}

/** By the hour's beginning. */
export function readCounts(rows: readonly unknown[]): ReadonlyMap<number, number> {
  return new Map(
    rows
      .filter(isObject)
      .map(({ TimeGenerated: hour, Lines: count }) => [
        hour instanceof Date ? hour.getTime() : Date.parse(String(hour)),
        Number(count),
      ]),
  );
}
