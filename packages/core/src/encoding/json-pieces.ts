/**
 * JSON, as text or as bytes. Bytes are decoded piece by piece while they are parsed, because a large document would
 * otherwise be in memory twice.
 */
export interface JsonText {
  readonly length: number;
  readonly isBytes: boolean;
  /**
   * The character code, or the byte, at a position; NaN beyond the end. A byte is enough to recognise JSON's own
   * characters, which are all ASCII.
   */
  codeAt: (position: number) => number;
  slice: (start: number, end: number) => string;
}

/** Opens a text, or bytes in UTF-8. The bytes must not change while what was read from them is in use. */
export function openJsonText(given: string | Uint8Array): JsonText {
  return typeof given === 'string' ? new Characters(given) : new Bytes(given);
}

class Characters implements JsonText {
  readonly isBytes = false;
  readonly length: number;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
    this.length = text.length;
  }

  codeAt(position: number): number {
    return this.#text.charCodeAt(position);
  }

  slice(start: number, end: number): string {
    return this.#text.slice(start, end);
  }
}

class Bytes implements JsonText {
  readonly isBytes = true;
  readonly length: number;
  readonly #bytes: Buffer;

  constructor({ buffer, byteOffset, byteLength }: Uint8Array) {
    this.#bytes = Buffer.from(buffer, byteOffset, byteLength);
    this.length = byteLength;
  }

  codeAt(position: number): number {
    return this.#bytes[position] ?? Number.NaN;
  }

  slice(start: number, end: number): string {
    return this.#bytes.toString('utf8', start, end);
  }
}

/** A run of items in the text of a list. JSON.parse has accepted it. */
export class JsonRun {
  readonly start: number;
  readonly end: number;

  constructor(start: number, end: number) {
    this.start = start;
    this.end = end;
  }
}

/**
 * A long list in a text that is JSON. Its items, except those that are long themselves, are made each time somebody
 * iterates over them. Kept as values, the items of a large document would take as much memory as what is made of them.
 */
export class JsonList implements Iterable<unknown> {
  readonly #text: JsonText;
  readonly #parts: readonly unknown[];

  /** `parts` contains runs, and the values of items that are long themselves. */
  constructor(text: JsonText, parts: readonly unknown[]) {
    this.#text = text;
    this.#parts = parts;
  }

  *[Symbol.iterator](): Iterator<unknown> {
    for (const part of this.#parts) {
      if (part instanceof JsonRun) yield* JSON.parse(`[${this.#text.slice(part.start, part.end)}]`) as unknown[];
      else yield part;
    }
  }
}
