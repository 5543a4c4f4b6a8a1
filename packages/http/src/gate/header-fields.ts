import { type FindField, readMember, invalidArgument } from '@certgate/core';

/**
 * The header fields of a request: a `Headers`, an object with a member for each field (Node's `request.headers`, say), or a
 * function that finds a field by its name in lower case. A list has the lines of a field, and must have all of them; a text
 * may be several lines that were joined.
 */
export type RequestHeaders = FieldReader | FieldRecord | FindField;

/** What is used of a `Headers`, which joins several lines of one field by a comma itself. */
export interface FieldReader {
  /** By the name in lower case. */
  get(name: string): string | null;
}

/** Names in any letter case; a list holds the lines of one field, a text may be several lines that were joined. */
export type FieldRecord = Readonly<Record<string, string | readonly string[] | undefined>>;

/** @throws {CertgateError} for what holds no header fields. */
export function toFindField(headers: RequestHeaders): FindField {
  if (typeof headers === 'function') return headers;
  const value: unknown = headers;
  if (typeof value !== 'object' || value === null) throw invalidArgument('headers is not an object with header fields');
  if (isFieldReader(headers)) return (name) => headers.get(name);
  return (name) => {
    // Names that are spelt differently are lines of one field: nobody can tell which is meant.
    const found = Object.entries(headers).flatMap(([key, content]) => (isSame(key, name) ? [content ?? []] : []));
    const lines = found.flat();
    return lines.length === 1 && found.some((content) => typeof content === 'string') ? lines[0] : lines;
  };
}

function isFieldReader(headers: FieldReader | FieldRecord): headers is FieldReader {
  return typeof readMember(headers, 'get') === 'function';
}

/**
 * Of Node's `rawHeaders`: names and values in turn, every line as it came. `request.headers` would show the first line alone
 * of some fields. `socket` is the one that the request came over.
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

/** Node drops the lines beyond this number, and says nothing: any field may have had another one. */
function findMaximumLines(socket: unknown): number {
  const maximum = readOf(readOf(socket, 'server'), 'maxHeadersCount');
  return typeof maximum === 'number' ? maximum || Infinity : 1_000;
}

function readOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? readMember(value, name) : undefined;
}

const perhapsSeveral: readonly string[] = Object.freeze(['', '']);

/** The lines of a field, joined. */
export function findText(findField: FindField, name: string): string | undefined {
  const content = findField(name);
  return typeof content === 'object' ? content?.join(',') : content;
}

/** `name` is in lower case. */
function isSame(key: string, name: string): boolean {
  return key.length === name.length && key.toLowerCase() === name;
}
