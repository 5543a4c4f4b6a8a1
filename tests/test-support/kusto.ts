import assert from 'node:assert/strict';

// Evaluates the part of Kusto that the alerts use (docs/observability.md), for the values that log lines have. Anything
// else in a query is an error here. Times and time spans are in milliseconds.

export type Row = Readonly<Record<string, unknown>>;

/** The rows that `query` returns for `table`. `now` is the current time for `ago`, in milliseconds. */
export function runQuery(query: string, table: readonly Row[], now: number): readonly Row[] {
  const [source = '', ...steps] = query
    .trim()
    .split(/\n\s*\|\s*/)
    .map((step) => step.trim());
  assert.equal(source, 'traces');
  return steps.reduce((rows, step) => runStep(step, rows, now), table);
}

function runStep(step: string, rows: readonly Row[], now: number): readonly Row[] {
  const [, operator = '', rest = ''] = /^([\w-]+)\s+([\s\S]+)$/.exec(step) ?? [];
  const reader = new ExpressionReader(rest, now);
  switch (operator) {
    case 'where': {
      const predicate = reader.readAll();
      return rows.filter((row) => predicate(row) === true);
    }
    case 'extend':
    case 'project': {
      const columns = reader.readColumns();
      return rows.map((row) => ({
        ...(operator === 'extend' ? row : {}),
        ...Object.fromEntries(columns.map(([name, evaluate]) => [name, evaluate(row)])),
      }));
    }
    case 'mv-expand': {
      // Bags are expanded to arrays of key and value, which Kusto does only for `kind = array`.
      const columns = new ExpressionReader(rest.replace(/^kind = array /, ''), now).readColumns();
      const [[name, evaluate] = fail(step)] = columns;
      return rows.flatMap((row) => {
        const value = evaluate(row) ?? {};
        const list: readonly unknown[] = Array.isArray(value) ? value : Object.entries(value);
        return list.map((each): Row => ({ ...row, [name]: each }));
      });
    }
    case 'summarize':
      return summarize(step, rest, rows, now);
    default:
      return fail(step);
  }
}

function summarize(step: string, rest: string, rows: readonly Row[], now: number): readonly Row[] {
  const [aggregates = '', keys = fail(step)] = rest.split(/\s+by\s+/);
  const keyColumns = new ExpressionReader(keys, now).readColumns();
  const groups = new Map<string, { key: Row; rows: Row[] }>();
  for (const row of rows) {
    const key = Object.fromEntries(keyColumns.map(([name, evaluate]) => [name, evaluate(row)]));
    const group = groups.get(JSON.stringify(key)) ?? { key, rows: [] };
    group.rows.push(row);
    groups.set(JSON.stringify(key), group);
  }
  const columns = new ExpressionReader(aggregates, now, true).readColumns();
  return [...groups.values()].map(({ key, rows: members }) => ({
    ...key,
    ...(Object.assign(
      {},
      ...columns.map(([name, evaluate]): Row => {
        const value = evaluate({ members });
        // `arg_max` returns several columns.
        return name === '' ? (value as Row) : { [name]: value };
      }),
    ) as Row),
  }));
}

type Evaluate = (row: Row) => unknown;

const aggregateFunctions: Readonly<Record<string, (rows: readonly Row[], args: readonly Evaluate[]) => unknown>> = {
  count: (rows) => rows.length,
  countif: (rows, [test = fail()]) => rows.filter((row) => test(row) === true).length,
  sum: (rows, [value = fail()]) => rows.reduce((total, row) => total + toNumber(value(row)), 0),
  sumif: (rows, [value = fail(), test = fail()]) =>
    rows.filter((row) => test(row) === true).reduce((total, row) => total + toNumber(value(row)), 0),
  max: (rows, [value = fail()]) => Math.max(...rows.map((row) => toNumber(value(row)))),
  dcountif: (rows, [value = fail(), test = fail()]) =>
    new Set(rows.filter((row) => test(row) === true).map((row) => value(row))).size,
};

const scalarFunctions: Readonly<Record<string, (...args: readonly unknown[]) => unknown>> = {
  parse_json: (text) => JSON.parse(String(text)) as unknown,
  tostring: toText,
  tolong: (value) => (value === undefined ? undefined : toNumber(value)),
  todatetime: (value) => (value === undefined ? undefined : Date.parse(toText(value))),
  isnotempty: (value) => value !== undefined && value !== null && value !== '',
  coalesce: (...values) => values.find((value) => value !== undefined && value !== null && value !== ''),
  bin: (value, size) => Math.floor(toNumber(value) / toNumber(size)) * toNumber(size),
  bag_pack: (key, value) => ({ [toText(key)]: value }),
  iff: (test, one, other) => (test === true ? one : other),
  not: (value) => (typeof value === 'boolean' ? !value : fail('not')),
};

const units: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000 };
const tokenPattern = /\s*(?:('(?:[^'\\]|\\.)*')|(\d+)([dhms]?)\b|([A-Za-z_]\w*)|(==|<=|>=|[<>=().,*+[\]-]))/y;

/** Reads expressions with or, and, comparisons, sums, products, calls and members. */
class ExpressionReader {
  readonly #tokens: string[] = [];
  readonly #now: number;
  readonly #isAggregate: boolean;

  constructor(text: string, now: number, isAggregate = false) {
    this.#now = now;
    this.#isAggregate = isAggregate;
    const pattern = new RegExp(tokenPattern);
    while (pattern.lastIndex < text.trimEnd().length) {
      const [token] = pattern.exec(text) ?? fail(text.slice(pattern.lastIndex));
      this.#tokens.push(token.trim());
    }
  }

  readAll(): Evaluate {
    const evaluate = this.#readOr();
    assert.deepEqual(this.#tokens, []);
    return evaluate;
  }

  readColumns(): (readonly [name: string, Evaluate])[] {
    const columns: (readonly [string, Evaluate])[] = [];
    do {
      const [first = '', second] = this.#tokens;
      if (second === '=') this.#tokens.splice(0, 2);
      columns.push([
        second === '=' || /^\w+$/.test(first) ? (first === 'arg_max' ? '' : first) : fail(first),
        this.#readOr(),
      ]);
    } while (this.#take(','));
    assert.deepEqual(this.#tokens, []);
    return columns;
  }

  #take(token: string): boolean {
    if (this.#tokens[0] !== token) return false;
    this.#tokens.shift();
    return true;
  }

  #readOr(): Evaluate {
    let left = this.#readAnd();
    while (this.#take('or')) left = combine(left, this.#readAnd(), (one, other) => one === true || other === true);
    return left;
  }

  #readAnd(): Evaluate {
    let left = this.#readComparison();
    while (this.#take('and'))
      left = combine(left, this.#readComparison(), (one, other) => one === true && other === true);
    return left;
  }

  #readComparison(): Evaluate {
    const left = this.#readSum();
    if (this.#take('in')) {
      const choices = this.#readArguments();
      return (row) => choices.some((choice) => choice(row) === left(row));
    }
    if (this.#take('startswith')) {
      return combine(left, this.#readSum(), (one, other) =>
        String(one).toLowerCase().startsWith(String(other).toLowerCase()),
      );
    }
    if (this.#take('==')) return combine(left, this.#readSum(), (one, other) => one === other);
    for (const [sign, compare] of [
      ['<=', (one: number, other: number) => one <= other],
      ['>=', (one: number, other: number) => one >= other],
      ['<', (one: number, other: number) => one < other],
      ['>', (one: number, other: number) => one > other],
    ] as const) {
      if (this.#take(sign))
        return combine(left, this.#readSum(), (one, other) => compare(toNumber(one), toNumber(other)));
    }
    return left;
  }

  #readSum(): Evaluate {
    let left = this.#readProduct();
    while (this.#take('+')) left = combine(left, this.#readProduct(), (one, other) => toNumber(one) + toNumber(other));
    return left;
  }

  #readProduct(): Evaluate {
    let left = this.#readMember();
    while (this.#take('*')) left = combine(left, this.#readMember(), (one, other) => toNumber(one) * toNumber(other));
    return left;
  }

  #readMember(): Evaluate {
    let value = this.#readPrimary();
    for (;;) {
      const isIndex = this.#tokens[0] === '[';
      if (!isIndex && this.#tokens[0] !== '.') break;
      const [of, key] = [value, (this.#tokens.splice(0, 2)[1] ?? fail('.')).replaceAll("'", '')];
      if (isIndex && !this.#take(']')) fail('[ without ]');
      value = (row) => (of(row) as Row | undefined)?.[key];
    }
    return value;
  }

  #readPrimary(): Evaluate {
    const token = this.#tokens.shift() ?? fail('the end');
    if (token === '(') {
      const inner = this.#readOr();
      return this.#take(')') ? inner : fail('( without )');
    }
    if (token.startsWith("'")) return () => token.slice(1, -1);
    const [, digits, unit = ''] = /^(\d+)([dhms]?)$/.exec(token) ?? [];
    if (digits !== undefined) return () => Number(digits) * (units[unit] ?? 1);
    assert.match(token, /^\w+$/);
    return this.#tokens[0] === '(' ? this.#readCall(token) : (row) => row[token];
  }

  #readCall(name: string): Evaluate {
    if (name === 'arg_max') return this.#readArgMax();
    const args = this.#readArguments();
    const aggregate = this.#isAggregate ? aggregateFunctions[name] : undefined;
    if (aggregate !== undefined) return ({ members }) => aggregate(members as readonly Row[], args);
    if (name === 'ago') return (row) => this.#now - toNumber(args[0]?.(row));
    const scalar = scalarFunctions[name] ?? fail(name);
    return (row) => scalar(...args.map((each) => each(row)));
  }

  /** Reads `arg_max(timestamp, code, detail)`: these columns of the row with the latest time. */
  #readArgMax(): Evaluate {
    const names = [...this.#tokens];
    const [by = fail('arg_max'), ...others] = this.#readArguments();
    const columns = names.slice(1, names.indexOf(')')).filter((each) => each !== ',');
    return ({ members }) => {
      const rows = members as readonly Row[];
      const latest = rows.reduce((one, other) => (toNumber(by(other)) > toNumber(by(one)) ? other : one));
      return Object.fromEntries(columns.map((name, index) => [name, [by, ...others][index]?.(latest)]));
    };
  }

  #readArguments(): readonly Evaluate[] {
    if (!this.#take('(')) fail('(');
    const args: Evaluate[] = [];
    if (this.#take(')')) return args;
    do args.push(this.#readOr());
    while (this.#take(','));
    return this.#take(')') ? args : fail(')');
  }
}

function combine(left: Evaluate, right: Evaluate, join: (one: unknown, other: unknown) => unknown): Evaluate {
  return (row) => join(left(row), right(row));
}

function toText(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function toNumber(value: unknown): number {
  return typeof value === 'number' ? value : fail(`${String(value)} is not a number`);
}

function fail(what = 'an argument'): never {
  throw new Error(`This evaluator doesn't know: ${what}`);
}
