/** A place in the document (`identities[0].name`; empty for the document itself) and what is wrong there. */
export interface DocumentProblem {
  readonly path: string;
  readonly message: string;
}

export interface KnownKeys {
  readonly required: readonly string[];
  readonly optional: readonly string[];
  /** Optional too, but only in documents of schemaVersion 2. */
  readonly version2?: readonly string[];
}

const maximumTextLength = 256;

/** Reads plain JSON values strictly, and collects every problem instead of stopping at the first. */
export class DocumentReader {
  readonly #problems: DocumentProblem[] = [];
  #schemaVersion = 1;

  get problems(): readonly DocumentProblem[] {
    return this.#problems;
  }

  report(path: string, message: string): void {
    this.#problems.push({ path: escapePath(path), message });
  }

  readSchemaVersion(value: unknown, newest: number): number | undefined {
    if (!isPlainObject(value)) {
      this.report('', 'it must be a JSON object');
      return undefined;
    }
    const version = value['schemaVersion'];
    if (typeof version !== 'number' || !Number.isInteger(version) || version < 1) {
      this.report('schemaVersion', 'it must be a whole number from 1');
      return undefined;
    }
    if (version > newest) {
      this.report(
        'schemaVersion',
        `this runtime reads documents up to version ${newest}; update @certgate/azure-functions first`,
      );
      return undefined;
    }
    this.#schemaVersion = version;
    return version;
  }

  readObject(value: unknown, path: string, keys: KnownKeys): Readonly<Record<string, unknown>> | undefined {
    if (!isPlainObject(value)) {
      this.report(path, 'it must be a JSON object');
      return undefined;
    }
    const prefix = path === '' ? '' : `${path}.`;
    const { required, optional, version2 = [] } = keys;
    const isVersion1 = this.#schemaVersion < 2;
    const known = [...required, ...optional, ...(isVersion1 ? [] : version2)];
    for (const key of Object.keys(value)) {
      if (known.includes(key)) continue;
      this.report(
        `${prefix}${key}`,
        version2.includes(key)
          ? 'it belongs to documents of "schemaVersion": 2, and this one says 1; older runtimes would overlook it'
          : `unknown key; known are ${known.join(', ')}`,
      );
    }
    for (const [key, field] of Object.entries(value)) {
      // JSON can't say it, a literal in code can: `functions: settings.functions` must not open every function.
      if (field === undefined) this.report(`${prefix}${key}`, 'it is undefined; leave the key out if that is meant');
    }
    for (const key of required) {
      if (!Object.hasOwn(value, key)) this.report(`${prefix}${key}`, 'it is missing');
    }
    // A copy without a prototype: an absent key stays absent whatever was put on Object.prototype.
    const fields = Object.assign(Object.create(null) as Record<string, unknown>, value);
    // Refused already; what it holds would only be refused once more.
    if (isVersion1) for (const key of version2) fields[key] = undefined;
    return fields;
  }

  readArray(value: unknown, path: string): readonly unknown[] {
    // Array.from makes a hole, which a literal can have and JSON can't, an undefined that is then refused.
    if (Array.isArray(value)) return Array.from<unknown>(value);
    this.report(path, 'it must be a list');
    return [];
  }

  readText(value: unknown, path: string, maximumLength: number = maximumTextLength): string {
    if (typeof value !== 'string') this.report(path, 'it must be a text');
    else if (value.length > maximumLength) this.report(path, `it has more than ${maximumLength} characters`);
    else if (value.trim() === '') this.report(path, 'it is empty');
    return typeof value === 'string' ? value : '';
  }

  readOptionalText(value: unknown, path: string): string | undefined {
    return value === undefined ? undefined : this.readText(value, path);
  }

  /** A list of names, each once. */
  readOptionalTexts(value: unknown, path: string): readonly string[] | undefined {
    if (value === undefined) return undefined;
    const texts = this.readArray(value, path).map((item, index) => this.readName(item, `${path}[${index}]`));
    if (new Set(texts).size < texts.length) this.report(path, 'a text stands twice');
    return texts;
  }

  /** A text that people compare by eye and that stands in logs: no outer white space, nothing invisible. */
  readName(value: unknown, path: string): string {
    const text = this.readText(value, path);
    if (text !== text.trim() || /[\p{C}\p{Zl}\p{Zp}]/u.test(text)) {
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

  readCount(value: unknown, path: string): number {
    // JSON has a -0, which no text of ours should have.
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return Math.abs(value);
    this.report(path, 'it must be a whole number from 0');
    return 0;
  }

  expectUnique(seen: Map<string, string>, key: string, path: string, what: string): void {
    const earlier = seen.get(key);
    if (earlier !== undefined) this.report(path, `${what} stands already at ${earlier}`);
    else seen.set(key, path);
  }
}

/** Keys stand in paths, and paths in logs: what could break a line or hide in it is escaped, and length has an end. */
export function escapePath(path: string): string {
  const escaped = escapeInvisible(path);
  return escaped.length <= maximumTextLength ? escaped : `${escaped.slice(0, maximumTextLength)}…`;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
import { escapeInvisible } from '@certgate/x509';
