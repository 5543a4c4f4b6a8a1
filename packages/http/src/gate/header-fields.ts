import { type FindField, readMember, invalidArgument } from '@certgate/core';

/**
 * The header fields of a request: a `Headers`, an object with a member for each field (such as Node's
 * `request.headers`), or a function that finds a field by its name in lower case. A list has the lines of a field, and
 * must have all of them. A text may be several lines that were joined.
 */
export type RequestHeaders = FieldReader | FieldRecord | FindField;

/** The method of a `Headers` that is used. A `Headers` itself joins several lines of one field by a comma. */
export interface FieldReader {
  /** Finds a field by its name in lower case. */
  get(name: string): string | null;
}

/**
 * The fields by name, in any letter case. A list has the lines of one field. A text may be several lines that were
 * joined.
 */
export type FieldRecord = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Makes a function that finds a field. @throws {CertgateError} if `headers` is neither a function nor an object. */
export function toFindField(headers: RequestHeaders): FindField {
  if (typeof headers === 'function') return headers;
  const value: unknown = headers;
  if (typeof value !== 'object' || value === null) throw invalidArgument('headers is not an object with header fields');
  if (isFieldReader(headers)) return (name) => headers.get(name);
  return (name) => {
    // Names in different spellings are lines of one field, because it is unknown which of them is meant.
    const found = Object.entries(headers).flatMap(([key, content]) => (isSame(key, name) ? [content ?? []] : []));
    const lines = found.flat();
    return lines.length === 1 && found.some((content) => typeof content === 'string') ? lines[0] : lines;
  };
}

function isFieldReader(headers: FieldReader | FieldRecord): headers is FieldReader {
  return typeof readMember(headers, 'get') === 'function';
}

/**
 * Finds fields in Node's `rawHeaders`, which has names and values in turn, with every line as it came. For some fields,
 * `request.headers` would have only the first line. `socket` is the request's connection.
 */
export function findInRawHeaders(rawHeaders: readonly string[], socket: unknown): FindField {
  if (rawHeaders.length >= 2 * findMaximumLines(socket)) return () => perhapsSeveral;
  return (name) => {
    let lines: string[] | undefined;
    for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
      const [key = '', value = ''] = [rawHeaders[index], rawHeaders[index + 1]];
      if (!isSame(key, name)) continue;
      if (lines === undefined) lines = [value];
      else lines.push(value);
    }
    return lines;
  };
}

/** The most lines that Node keeps. It drops the others without a sign, so any field may have had another line. */
function findMaximumLines(socket: unknown): number {
  const maximum = readOf(readOf(socket, 'server'), 'maxHeadersCount');
  return typeof maximum === 'number' ? maximum || Infinity : 1_000;
}

function readOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? readMember(value, name) : undefined;
}

const perhapsSeveral: readonly string[] = Object.freeze(['', '']);

/** The lines of a field, joined by commas. Undefined if the request does not have the field. */
export function findFieldText(findField: FindField, name: string): string | undefined {
  const content = findField(name);
  return typeof content === 'object' ? content?.join(',') : content;
}

/** Whether `key` is this name, in any letter case. `name` must be in lower case. */
function isSame(key: string, name: string): boolean {
  return key.length === name.length && key.toLowerCase() === name;
}
