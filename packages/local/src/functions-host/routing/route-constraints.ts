/** One inline constraint of a route parameter (`{id:int}`). */
export interface RouteConstraint {
  readonly text: string;
  /** Tests the decoded value. It is never called for a missing value. */
  readonly accepts: (value: string) => boolean;
  /**
   * Whether a missing value is accepted. True only for `nonfile`, whose purpose is to exclude files: `{*path:nonfile}`
   * takes the empty path too.
   */
  readonly acceptsAbsent: boolean;
}

type ConstraintFactory = (args: string) => ((value: string) => boolean) | string;

/** The built-in constraints of ASP.NET Core's `RouteOptions.ConstraintMap`. A function app can't add any. */
const factories: Readonly<Record<string, ConstraintFactory>> = {
  alpha: withoutArguments((value) => /^[a-z]*$/i.test(value)),
  bool: withoutArguments((value) => /^\s*(?:true|false)\s*$/i.test(value)),
  datetime: withoutArguments(isDateTime),
  decimal: withoutArguments((value) => isNumber(value, /^\s*[+-]?(?:\d[\d,]*\.?\d*|\.\d+)\s*[+-]?\s*$/)),
  double: withoutArguments(isFloat),
  file: withoutArguments(isFileName),
  float: withoutArguments(isFloat),
  guid: withoutArguments(isGuid),
  int: withoutArguments((value) => isInteger(value, -(2n ** 31n), 2n ** 31n - 1n)),
  length: (args) => {
    const [least, most = least, ...more] = args.split(',').map(toLength);
    if (least === undefined || most === undefined || more.length > 0 || least > most) return 'one or two lengths';
    return (value) => value.length >= least && value.length <= most;
  },
  long: withoutArguments((value) => isInteger(value, minLong, maxLong)),
  max: withLong((value, limit) => value <= limit),
  maxlength: (args) => {
    const most = toLength(args);
    return most === undefined ? 'a length' : (value) => value.length <= most;
  },
  min: withLong((value, limit) => value >= limit),
  minlength: (args) => {
    const least = toLength(args);
    return least === undefined ? 'a length' : (value) => value.length >= least;
  },
  nonfile: withoutArguments((value) => !isFileName(value)),
  range: (args) => {
    const [least, most, ...more] = args.split(',').map(toLong);
    if (least === undefined || most === undefined || more.length > 0 || least > most) return 'two integers';
    return (value) => isInteger(value, least, most);
  },
  regex: (args) => {
    try {
      // Ignores case and is not anchored, as in .NET. A pattern that only .NET's dialect accepts is an error here.
      const expression = new RegExp(args, 'i');
      return (value) => expression.test(value);
    } catch {
      return 'a regular expression';
    }
  },
  required: withoutArguments((value) => value !== ''),
};

const minLong = -(2n ** 63n);
const maxLong = 2n ** 63n - 1n;

/** Reads `int`, `length(1,5)` and the like. A string explains what is wrong. */
export function parseConstraint(text: string): RouteConstraint | string {
  const open = text.indexOf('(');
  const name = open === -1 ? text : text.slice(0, open);
  const args = open === -1 ? '' : text.slice(open + 1, text.endsWith(')') ? -1 : undefined);
  const factory = Object.hasOwn(factories, name.toLowerCase()) ? factories[name.toLowerCase()] : undefined;
  if (factory === undefined) return `there is no constraint "${name}"`;
  const accepts = factory(args);
  if (typeof accepts === 'string') return `the constraint "${name}" needs ${accepts}, not "(${args})"`;
  return Object.freeze({ text, accepts, acceptsAbsent: name.toLowerCase() === 'nonfile' });
}

function withoutArguments(accepts: (value: string) => boolean): ConstraintFactory {
  return (args) => (args === '' ? accepts : 'no arguments');
}

function withLong(holds: (value: bigint, limit: bigint) => boolean): ConstraintFactory {
  return (args) => {
    const limit = toLong(args);
    if (limit === undefined) return 'an integer';
    return (text) => {
      const value = toLong(text);
      return value !== undefined && holds(value, limit);
    };
  };
}

/** Whether the last segment has a period with anything but periods after it. `a.b.` is a file's name too. */
function isFileName(value: string): boolean {
  return /\.[^/]*[^./][^/]*$/.test(value.slice(value.lastIndexOf('/') + 1));
}

function toLength(text: string): number | undefined {
  return /^\s*\d{1,9}\s*$/.test(text) ? Number(text) : undefined;
}

/** Reads an integer like .NET's `NumberStyles.Integer`: with white space around it and one leading sign. */
function toLong(text: string): bigint | undefined {
  const { sign, digits } = /^[\t-\r ]*(?<sign>[+-]?)(?<digits>\d{1,40})[\t-\r ]*$/.exec(text)?.groups ?? {};
  if (digits === undefined) return undefined;
  const value = sign === '-' ? -BigInt(digits) : BigInt(digits);
  return value >= minLong && value <= maxLong ? value : undefined;
}

function isInteger(text: string, least: bigint, most: bigint): boolean {
  const value = toLong(text);
  return value !== undefined && value >= least && value <= most;
}

function isNumber(text: string, grammar: RegExp): boolean {
  // A sign may be before or after the digits, but not both.
  return grammar.test(text) && (text.match(/[+-]/g)?.length ?? 0) <= 1;
}

function isFloat(text: string): boolean {
  return /^\s*(?:[+-]?(?:\d[\d,]*\.?\d*|\.\d+)(?:e[+-]?\d+)?|[+-]?(?:nan|infinity|∞))\s*$/i.test(text);
}

/**
 * Whether the text is a GUID by .NET's `Guid.TryParse`: 32 hexadecimal digits, with or without hyphens. If it has
 * hyphens, it may be in braces or parentheses.
 */
function isGuid(text: string): boolean {
  const value = text.trim();
  const hyphenated = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
  return new RegExp(`^(?:[0-9a-f]{32}|${hyphenated}|\\{${hyphenated}\\}|\\(${hyphenated}\\))$`, 'i').test(value);
}

/**
 * Whether the text is a date. .NET's `DateTime.TryParse` in the invariant culture accepts far more than this: here only
 * ISO 8601 and month-day-year with `-`, `.` or `/`, each with an optional time. Other forms do not match, which is the
 * safe choice.
 */
function isDateTime(text: string): boolean {
  const time =
    '(?:[T ]\\s*(?<h>\\d{1,2}):(?<m>\\d{2})(?::(?<s>\\d{2})(?:\\.\\d{1,7})?)?\\s*(?:AM|PM)?(?:Z|[+-]\\d{2}:?\\d{2})?)?';
  const iso = new RegExp(`^(?<year>\\d{4})[-/.](?<month>\\d{1,2})(?:[-/.](?<day>\\d{1,2}))?${time}$`, 'i');
  const american = new RegExp(`^(?<month>\\d{1,2})[-/.](?<day>\\d{1,2})[-/.](?<year>\\d{4})${time}$`, 'i');
  const groups = (iso.exec(text.trim()) ?? american.exec(text.trim()))?.groups;
  if (groups === undefined) return false;
  const [year, month, day] = [Number(groups['year']), Number(groups['month']), Number(groups['day'] ?? 1)];
  const date = new Date(Date.UTC(2000, month - 1, day));
  date.setUTCFullYear(year, month - 1, day);
  const inCalendar = year > 0 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return inCalendar && Number(groups['h'] ?? 0) < 24 && Number(groups['m'] ?? 0) < 60 && Number(groups['s'] ?? 0) < 60;
}
