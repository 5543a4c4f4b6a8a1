import { JsonList } from '../encoding/json-pieces.js';
import type { DocumentProblem } from './document-error.js';
import { type DocumentObjects, getDocumentKeys, getKnownKeys, schemaVersion } from './document-keys.js';

/** The members of one object of the document, by the keys that it may have. The values are not checked yet. */
export type DocumentFields<O extends keyof DocumentObjects> = {
  readonly [K in keyof DocumentObjects[O]]-?: unknown;
};

const getMaximumTextLength = (): number => getDocumentKeys().lock.reason.maximumLength;

/** Reads plain JSON values strictly. It collects problems instead of stopping at the first. */
export class DocumentReader {
  readonly #problems: DocumentProblem[] = [];

  get problems(): readonly DocumentProblem[] {
    return this.#problems;
  }

  report(path: string, message: string): void {
    this.#problems.push({ path: escapePath(path), message });
  }

  /** Whether this runtime knows the document's version. Reports the reason if it doesn't. */
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
      // JSON has no undefined, but a literal in code may have one. `functions: settings.functions` must never allow
      // every function because the setting is missing.
      if (field === undefined) this.report(`${prefix}${key}`, 'it is undefined; leave the key out if that is meant');
    }
    for (const key of required) {
      if (!Object.hasOwn(value, key)) this.report(`${prefix}${key}`, 'it is missing');
    }
    // The copy has no prototype, so that an absent key stays absent, whatever is on Object.prototype.
    return Object.assign(Object.create(null) as DocumentFields<O>, value);
  }

  readArray(value: unknown, path: string): readonly unknown[] {
    // A literal can have a hole, which JSON can't. Array.from turns it into undefined, which is then refused.
    return Array.from(this.readItems(value, path));
  }

  /** Like `readArray`, for a list that may be long: its items need not be in memory at the same time. */
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

  /** Reads a list of names, in which each name may occur once. Undefined if it is absent. */
  readOptionalTexts(value: unknown, path: string): readonly string[] | undefined {
    if (value === undefined) return undefined;
    const texts = this.readArray(value, path).map((item, index) => this.readName(item, `${path}[${index}]`));
    if (new Set(texts).size < texts.length) this.report(path, 'the same string appears twice');
    return texts;
  }

  /**
   * Reads a text that people compare by eye and that logs show. It must not have white space around it or invisible
   * characters in it.
   */
  readName(value: unknown, path: string): string {
    const text = this.readText(value, path);
    if (text !== text.trim() || text !== escapeInvisible(text)) {
      this.report(path, 'it has white space around it or invisible characters in it');
    }
    return text;
  }

  /** Reads one of the choices. Undefined if the value is absent or not one of them, which is reported. */
  readChoice<T extends string>(value: unknown, path: string, choices: readonly T[]): T | undefined {
    const choice = choices.find((each) => each === value);
    if (value !== undefined && choice === undefined) this.report(path, `it must be one of ${choices.join(', ')}`);
    return choice;
  }

  /** Reads a flag. Absent means true, because an entry of the document is in force unless it says otherwise. */
  readFlag(value: unknown, path: string): boolean {
    if (value === undefined || value === true) return true;
    if (value !== false) this.report(path, 'it must be true or false');
    return false;
  }

  readCount(value: unknown, path: string, maximum: number = getDocumentKeys().document.revision.maximum): number {
    // JSON has -0, which must not appear in a text of ours.
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

/**
 * Makes a path safe for logs, because it contains the document's keys. Characters that could break a line or hide in it
 * are escaped, and the length is limited.
 */
export function escapePath(path: string): string {
  const [escaped, maximumTextLength] = [escapeInvisible(path), getMaximumTextLength()];
  return escaped.length <= maximumTextLength ? escaped : `${escaped.slice(0, maximumTextLength)}…`;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof JsonList);
}
import { escapeInvisible, findInstant } from '@certgate/x509/internal';
