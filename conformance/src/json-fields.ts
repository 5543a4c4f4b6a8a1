import { SuiteError } from './suite.js';

/**
 * Reads an object of JSON, such as a suite's, field by field. A field of an unexpected type ends the run. A field that
 * is null counts as absent.
 */
export class JsonFields {
  readonly #value: Readonly<Record<string, unknown>>;
  readonly #where: string;

  constructor(value: unknown, where: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new SuiteError(`${where} is not an object.`);
    }
    this.#value = value as Readonly<Record<string, unknown>>;
    this.#where = where;
  }

  get where(): string {
    return this.#where;
  }

  getText(key: string): string {
    return this.findText(key) ?? this.#refuse(key, 'is missing');
  }

  findText(key: string): string | undefined {
    return this.#find(key, (value): value is string => typeof value === 'string', 'a string');
  }

  getBoolean(key: string): boolean {
    return this.findBoolean(key) ?? this.#refuse(key, 'is missing');
  }

  findBoolean(key: string): boolean | undefined {
    return this.#find(key, (value): value is boolean => typeof value === 'boolean', 'true or false');
  }

  findNumber(key: string): number | undefined {
    return this.#find(key, (value): value is number => typeof value === 'number', 'a number');
  }

  /** The texts of a list, or an empty list if the key is absent. */
  listTexts(key: string): readonly string[] {
    return this.findTexts(key) ?? [];
  }

  getTexts(key: string): readonly string[] {
    return this.findTexts(key) ?? this.#refuse(key, 'is missing');
  }

  findTexts(key: string): readonly string[] | undefined {
    const isTexts = (value: unknown): value is string[] =>
      Array.isArray(value) && value.every((each) => typeof each === 'string');
    return this.#find(key, isTexts, 'a list of strings');
  }

  listObjects(key: string): readonly JsonFields[] {
    const list = this.#find(key, (value): value is unknown[] => Array.isArray(value), 'a list') ?? [];
    return list.map((each, index) => new JsonFields(each, `${this.#where}, ${key}[${index}]`));
  }

  findObject(key: string): JsonFields | undefined {
    const value = this.#value[key] ?? undefined;
    return value === undefined ? undefined : new JsonFields(value, `${this.#where}, ${key}`);
  }

  has(key: string): boolean {
    return (this.#value[key] ?? undefined) !== undefined;
  }

  /** A time in the form of RFC 3339, in milliseconds since 1970-01-01T00:00:00Z. Undefined if the key is absent. */
  findInstant(key: string): number | undefined {
    const text = this.findText(key);
    if (text === undefined) return undefined;
    const instant = Date.parse(text);
    return Number.isNaN(instant) ? this.#refuse(key, `is not a time: ${text}`) : instant;
  }

  #find<T>(key: string, isOfType: (value: unknown) => value is T, what: string): T | undefined {
    const value = this.#value[key] ?? undefined;
    if (value === undefined) return undefined;
    return isOfType(value) ? value : this.#refuse(key, `is not ${what}`);
  }

  #refuse(key: string, what: string): never {
    throw new SuiteError(`${this.#where}: "${key}" ${what}.`);
  }
}
