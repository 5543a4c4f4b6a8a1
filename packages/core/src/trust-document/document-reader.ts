import { JsonList } from '../encoding/json-pieces.js';
import type { DocumentProblem } from './document-error.js';
import { type DocumentObjects, getDocumentKeys, getKnownKeys, schemaVersion } from './document-keys.js';

/** The members of one object of the document, by the keys that it may have. Nothing is known of the values yet. */
export type DocumentFields<O extends keyof DocumentObjects> = {
  readonly [K in keyof DocumentObjects[O]]-?: unknown;
};

const getMaximumTextLength = (): number => getDocumentKeys().lock.reason.maximumLength;

/** Reads plain JSON values strictly, and collects every problem instead of stopping at the first. */
export class DocumentReader {
  readonly #problems: DocumentProblem[] = [];

  get problems(): readonly DocumentProblem[] {
    return this.#problems;
  }

  report(path: string, message: string): void {
    this.#problems.push({ path: escapePath(path), message });
  }

  /** Is the document of a version that this runtime knows? Reports why it isn't. */
  expectKnownVersion(value: unknown): boolean {
    if (!isPlainObject(value)) {
      this.report('', 'it must be a JSON object');
      return false;
    }
    const version = value['schemaVersion'];
    if (typeof version !== 'number' || !Number.isInteger(version) || version < 1) {
      this.report('schemaVersion', 'it must be a whole number from 1');
      return false;
    }
    if (version <= schemaVersion) return true;
    this.report(
      'schemaVersion',
      `this runtime reads documents up to version ${schemaVersion}, and this one has ${version}; update the Certgate packages of the app first`,
    );
    return false;
  }

  readObject<O extends keyof DocumentObjects>(
    value: unknown,
    path: string,
    objectName: O,
  ): DocumentFields<O> | undefined {
    if (!isPlainObject(value)) {
      this.report(path, 'it must be a JSON object');
      return undefined;
    }
    const prefix = path === '' ? '' : `${path}.`;
    const { known, required } = getKnownKeys(objectName);
    for (const [key, field] of Object.entries(value)) {
      if (!known.includes(key)) this.report(`${prefix}${key}`, `unknown key; the known keys are ${known.join(', ')}`);
      // JSON can't say it, a literal in code can: `functions: settings.functions` must not open every function.
      if (field === undefined) this.report(`${prefix}${key}`, 'it is undefined; leave the key out if that is meant');
    }
    for (const key of required) {
      if (!Object.hasOwn(value, key)) this.report(`${prefix}${key}`, 'it is missing');
    }
    // A copy without a prototype: an absent key stays absent whatever was put on Object.prototype.
    return Object.assign(Object.create(null) as DocumentFields<O>, value);
  }

  readArray(value: unknown, path: string): readonly unknown[] {
    // Array.from makes a hole, which a literal can have and JSON can't, an undefined that is then refused.
    return Array.from(this.readItems(value, path));
  }

  /** As `readArray`, for a list that may be long: its items need not be in memory at once. */
  readItems(value: unknown, path: string): Iterable<unknown> {
    if (Array.isArray(value) || value instanceof JsonList) return value as Iterable<unknown>;
    this.report(path, 'it must be a list');
    return [];
  }

  readText(value: unknown, path: string, maximumLength: number = getMaximumTextLength()): string {
    if (typeof value !== 'string') this.report(path, 'it must be a string');
    else if (value.length > maximumLength) this.report(path, `it has more than ${maximumLength} characters`);
    else if (value.trim() === '') this.report(path, 'it is empty');
    return typeof value === 'string' ? value : '';
  }

  readOptionalText(value: unknown, path: string): string | undefined {
    return value === undefined ? undefined : this.readText(value, path);
  }

  readInstant(value: unknown, path: string): number | undefined {
    const text = this.readOptionalText(value, path);
    if (text === undefined) return undefined;
    const instant = findInstant(text);
    if (instant === undefined) this.report(path, 'it must be a time that exists, in UTC, like 2027-03-01T00:00:00Z');
    return instant;
  }

  /** A list of names, each once. */
  readOptionalTexts(value: unknown, path: string): readonly string[] | undefined {
    if (value === undefined) return undefined;
    const texts = this.readArray(value, path).map((item, index) => this.readName(item, `${path}[${index}]`));
    if (new Set(texts).size < texts.length) this.report(path, 'the same string appears twice');
    return texts;
  }

  /** A text that people compare by eye and that stands in logs: no outer white space, nothing invisible. */
  readName(value: unknown, path: string): string {
    const text = this.readText(value, path);
    if (text !== text.trim() || text !== escapeInvisible(text)) {
      this.report(path, 'it has white space around it or invisible characters in it');
    }
    return text;
  }

  /** Undefined when it is absent, or none of them. */
  readChoice<T extends string>(value: unknown, path: string, choices: readonly T[]): T | undefined {
    const choice = choices.find((each) => each === value);
    if (value !== undefined && choice === undefined) this.report(path, `it must be one of ${choices.join(', ')}`);
    return choice;
  }

  /** Absent means true: what stands in the document counts unless it says otherwise. */
  readFlag(value: unknown, path: string): boolean {
    if (value === undefined || value === true) return true;
    if (value !== false) this.report(path, 'it must be true or false');
    return false;
  }

  readCount(value: unknown, path: string, maximum: number = getDocumentKeys().document.revision.maximum): number {
    // JSON has a -0, which no text of ours should have.
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) {
      if (value > maximum) this.report(path, `it must be at most ${maximum}`);
      return Math.abs(value);
    }
    this.report(path, 'it must be a whole number from 0');
    return 0;
  }

  expectUnique(seen: Map<string, string>, key: string, path: string, what: string): void {
    const earlier = seen.get(key);
    if (earlier !== undefined) this.report(path, `${what} is already at ${earlier}`);
    else seen.set(key, path);
  }
}

/** Keys stand in paths, and paths in logs: what could break a line or hide in it is escaped, and length has an end. */
export function escapePath(path: string): string {
  const [escaped, maximumTextLength] = [escapeInvisible(path), getMaximumTextLength()];
  return escaped.length <= maximumTextLength ? escaped : `${escaped.slice(0, maximumTextLength)}…`;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof JsonList);
}
import { escapeInvisible, findInstant } from '@certgate/x509/internal';
