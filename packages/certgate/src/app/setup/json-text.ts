import { isDeepStrictEqual } from 'node:util';
import { applyEdits, modify, type ParseError, parse } from 'jsonc-parser';
import { ToolFailure } from '#local/tool-failure.js';
import { isJsonObject, type JsonObject } from '#local/json-file.js';
import { readLayout } from './text-layout.js';

export type JsonPath = readonly string[];

/** The kind of JSON that the file's readers accept. */
export type JsonDialect = 'json' | 'json-with-comments';

/**
 * The text of a JSON file, which an edit changes only at the edited place. Each edit makes a new text and reads it
 * again. An edit that changed more than it should is refused.
 */
export class JsonFileText {
  readonly path: string;
  readonly text: string;
  readonly value: JsonObject;
  readonly #dialect: JsonDialect;

  constructor(path: string, text: string, dialect: JsonDialect) {
    this.path = path;
    this.text = text;
    this.#dialect = dialect;
    this.value = readObject(path, text, dialect);
  }

  /**
   * Adds a property. Replaces its value if it exists already, so the caller must check that first. `objectPath` must
   * lead to an object.
   */
  addProperty(objectPath: JsonPath, name: string, value: unknown): JsonFileText {
    this.#expect(objectPath, 'an object', isJsonObject);
    const expected = changeAt(this.value, objectPath, (object) => ({ ...(object as JsonObject), [name]: value }));
    return this.#edit([...objectPath, name], value, expected);
  }

  replaceString(path: JsonPath, value: string): JsonFileText {
    this.#expect(path, 'a string', (target) => typeof target === 'string');
    return this.#edit(
      path,
      value,
      changeAt(this.value, path, () => value),
    );
  }

  /** Adds an item at the start of a list. */
  prependItem(arrayPath: JsonPath, value: unknown): JsonFileText {
    this.#expect(arrayPath, 'an array', Array.isArray);
    const expected = changeAt(this.value, arrayPath, (list) => [value, ...(list as unknown[])]);
    return this.#edit([...arrayPath, 0], value, expected);
  }

  #expect(path: JsonPath, what: string, isOne: (target: unknown) => boolean): void {
    const target = path.reduce((value: unknown, key) => (Object(value) as JsonObject)[key], this.value);
    if (isOne(target)) return;
    throw new ToolFailure(`"${path.join('.')}" in ${this.path} is not ${what}.`, { remedy: `Correct ${this.path}.` });
  }

  #edit(path: readonly (string | number)[], value: unknown, expected: unknown): JsonFileText {
    const { endOfLine: eol, indent } = readLayout(this.text);
    const formattingOptions = { eol, insertSpaces: !indent.startsWith('\t'), tabSize: indent.length, keepLines: true };
    const options = { formattingOptions, isArrayInsertion: typeof path.at(-1) === 'number' };
    let cause: unknown;
    try {
      const after = applyEdits(this.text, modify(this.text, [...path], value, options));
      const edited = new JsonFileText(this.path, after, this.#dialect);
      if (isDeepStrictEqual(edited.value, expected)) return edited;
    } catch (fault) {
      cause = fault;
    }
    throw new ToolFailure(`${this.path} is laid out in a way that can't be changed safely.`, {
      remedy: 'Format it, and run certgate init again.',
      cause,
    });
  }
}

/** A copy of the value with the place at `path` changed. */
function changeAt(value: unknown, path: JsonPath, change: (target: unknown) => unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return change(value);
  const object = value as JsonObject;
  return { ...object, [key]: changeAt(object[key], rest, change) };
}

function readerOptions(dialect: JsonDialect): { allowTrailingComma: boolean; disallowComments: boolean } {
  const isLenient = dialect === 'json-with-comments';
  return { allowTrailingComma: isLenient, disallowComments: !isLenient };
}

function readObject(path: string, text: string, dialect: JsonDialect): JsonObject {
  const errors: ParseError[] = [];
  const value: unknown = parse(text, errors, readerOptions(dialect));
  const [error] = errors;
  if (error !== undefined) {
    const line = text.slice(0, error.offset).split('\n').length;
    throw new ToolFailure(`${path} is not valid JSON at line ${line}.`, { remedy: `Correct ${path}.` });
  }
  if (!isJsonObject(value)) throw new ToolFailure(`${path} must hold a JSON object.`, { remedy: `Correct ${path}.` });
  return value;
}
