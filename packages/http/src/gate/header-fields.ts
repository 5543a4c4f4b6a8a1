import { type FindField, readMember, invalidArgument } from '@certgate/core';

/**
 * The header fields of a request: a `Headers`, an object with a member for each field (Node's `request.headers`, say), or a
 * function that finds the value of a field by its name in lower case.
 */
export type RequestHeaders = FieldReader | FieldRecord | FindField;

/** What is used of a `Headers`, which joins several lines of one field by a comma itself. */
export interface FieldReader {
  /** By the name in lower case. */
  get(name: string): string | null;
}

/** Names in any letter case; a list holds the lines of one field. */
export type FieldRecord = Readonly<Record<string, string | readonly string[] | undefined>>;

/** @throws {CertgateError} for what holds no header fields. */
export function toFindField(headers: RequestHeaders): FindField {
  if (typeof headers === 'function') return headers;
  const value: unknown = headers;
  if (typeof value !== 'object' || value === null) throw invalidArgument('headers is not an object with header fields');
  if (isFieldReader(headers)) return (name) => headers.get(name);
  return (name) => joinLines(Object.entries(headers).flatMap(([key, lines]) => (isSame(key, name) ? [lines] : [])));
}

function isFieldReader(headers: FieldReader | FieldRecord): headers is FieldReader {
  return typeof readMember(headers, 'get') === 'function';
}

/** Lines of one field count together, however their names are spelt: which of them is meant, nobody can tell. */
function joinLines(values: readonly (string | readonly string[] | undefined)[]): string | undefined {
  const lines = values.flatMap((value) => value ?? []);
  return lines.length === 0 ? undefined : lines.join(',');
}

/**
 * Of Node's `rawHeaders`: names and values in turn, every line as it came. `request.headers` would show the first line alone
 * of some fields.
 */
export function findInRawHeaders(rawHeaders: readonly string[]): FindField {
  return (name) => {
    let found: string | undefined;
    for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
      const [key = '', value = ''] = [rawHeaders[index], rawHeaders[index + 1]];
      if (isSame(key, name)) found = found === undefined ? value : `${found},${value}`;
    }
    return found;
  };
}

/** `name` is in lower case. */
function isSame(key: string, name: string): boolean {
  return key.length === name.length && key.toLowerCase() === name;
}
