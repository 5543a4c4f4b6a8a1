// encoding/: strict JSON, and texts and URLs that are safe to show.

import { countLines, describeJsonFault } from './json-fault.js';
import { JsonLevel } from './json-level.js';
import { JsonList, JsonRun, type JsonText, openJsonText } from './json-pieces.js';

/** The place of an object's key that occurs for the second time, such as `identities[0].name`. */
export interface DuplicateKey {
  readonly path: string;
}

export type JsonReading =
  | {
      readonly ok: true;
      /** The value. If the JSON was given as bytes, its long lists are `JsonList`s. */
      readonly value: unknown;
      /**
       * The first duplicate key in the text. If there is one, `value` must not be used: other readers would read
       * another value.
       */
      readonly duplicateKey: DuplicateKey | undefined;
    }
  | { readonly ok: false; readonly fault: string };

/**
 * The usual length of a piece, in characters or bytes. A step, or a call of JSON.parse, then normally takes a fraction
 * of a millisecond.
 */
const usualPieceLength = 16_384;

/** The most levels. `JSON.parse` is only limited by memory, which a broken text of brackets could exhaust. */
const maximumDepth = 10_000;

/** A broken text up to this length is read once more as a whole, so that the fault can be named to the character. */
const wholeTextLength = 1024 * 1024;

/**
 * Parses JSON in steps. The result is that of `JSON.parse`, which reads every piece, except that bytes give a
 * `JsonList` for each long list. A text that `JSON.parse` refuses as a whole is refused here too, and so is a text with
 * more than 10,000 levels. `JSON.parse` keeps the last of two equal keys without a warning (RFC 8259 §4 allows that).
 * Two readers must not differ about a document that says who is admitted, so the first duplicate key is reported.
 *
 * The exception is a byte order mark in front, which is skipped: Windows editors write it, and RFC 8259 §8.1 lets a
 * reader ignore it.
 */
export function* parseJsonInSteps(
  given: string | Uint8Array,
  pieceLength: number = usualPieceLength,
): Generator<undefined, JsonReading, undefined> {
  const text = openJsonText(given);
  const parser = new PieceParser(text, countMark(text), pieceLength);
  try {
    while (parser.position < text.length) {
      parser.scan(parser.position + pieceLength);
      yield;
    }
    return { ok: true, value: parser.finish(), duplicateKey: parser.duplicateKey };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { ok: false, fault: describeFault(text, parser) };
  }
}

/** The length of the byte order mark; 0 if there is none. */
function countMark(text: JsonText): number {
  if (!text.isBytes) return text.codeAt(0) === 0xfeff ? 1 : 0;
  return text.codeAt(0) === 0xef && text.codeAt(1) === 0xbb && text.codeAt(2) === 0xbf ? 3 : 0;
}

function describeFault(text: JsonText, parser: PieceParser): string {
  if (parser.isTooDeep) return `it has more than ${maximumDepth} levels`;
  if (text.length > wholeTextLength) {
    if (parser.position >= text.length) return 'it is broken at the end; was it written whole?';
    const before = text.slice(0, parser.position);
    return `it is broken in or before line ${countLines(before, before.length)}, character ${before.length}`;
  }
  const whole = text.slice(0, text.length);
  return describeJsonFault(whole, whole.startsWith('\ufeff') ? 1 : 0) ?? 'unreadable';
}

const quote = 0x22;
const comma = 0x2c;
const openBracket = 0x5b;
const backslash = 0x5c;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/**
 * Looks for commas and brackets outside of strings, and passes the text between them to JSON.parse as soon as it is
 * long enough. A list or an object is only read in pieces if it is longer than a piece.
 *
 * Only JSON gets through, even if the scan misreads a text that is not JSON. Each character is either checked here (the
 * brackets of a level that is read in pieces, its commas, the key before it and the white space around), or part of a
 * run of members or items that JSON.parse accepted. Runs that are joined by commas are a run again.
 */
class PieceParser {
  position: number;
  duplicateKey: DuplicateKey | undefined;
  isTooDeep = false;
  readonly #text: JsonText;
  readonly #pieceLength: number;
  /**
   * One object per depth, which is used again and again. The first represents a list around the text, which must have
   * one item.
   */
  readonly #levels: JsonLevel[] = [];
  #depth = 0;

  constructor(text: JsonText, start: number, pieceLength: number) {
    this.#text = text;
    this.#pieceLength = pieceLength;
    this.position = start;
    const root = new JsonLevel();
    root.begin(start - 1, false);
    root.values = [];
    this.#levels.push(root);
  }

  scan(until: number): void {
    const text = this.#text;
    const end = Math.min(until, text.length);
    let position = this.position;
    while (position < end) {
      switch (text.codeAt(position)) {
        case quote:
          position = this.#readString(position);
          break;
        case comma:
          this.#endPiece(position);
          break;
        case openBrace:
          this.#begin(position, true);
          break;
        case openBracket:
          this.#begin(position, false);
          break;
        case closeBrace:
          this.#end(position, true);
          break;
        case closeBracket:
          this.#end(position, false);
          break;
      }
      position += 1;
      this.position = position;
    }
  }

  /** Returns the value of the whole text. It must be called after all of it was scanned. */
  finish(): unknown {
    if (this.#depth > 0) refuse();
    const [root] = this.#levels;
    if (root?.values === undefined) return refuse();
    this.#endBatch(root, this.#text.length);
    return root.values.length === 1 ? root.values[0] : refuse();
  }

  get #level(): JsonLevel {
    return this.#levels[this.#depth] ?? refuse();
  }

  /** Returns the position of the quote that ends the string. */
  #readString(start: number): number {
    const text = this.#text;
    let end = start + 1;
    let isEscaped = false;
    for (let code = text.codeAt(end); code !== quote; code = text.codeAt(end)) {
      if (end >= text.length) {
        this.position = text.length;
        refuse();
      }
      if (code === backslash) isEscaped = true;
      end += code === backslash ? 2 : 1;
    }
    const level = this.#level;
    if (level.expectsKey) {
      level.expectsKey = false;
      level.keyStart = start;
      level.keyEnd = end + 1;
      const key = isEscaped ? parseKey(text.slice(start, end + 1)) : text.slice(start + 1, end);
      if (level.addKey(key)) this.duplicateKey ??= { path: this.#describePath() };
    }
    return end;
  }

  #begin(position: number, isObject: boolean): void {
    this.#depth += 1;
    if (this.#depth > maximumDepth) {
      this.isTooDeep = true;
      refuse();
    }
    let level = this.#levels[this.#depth];
    if (level === undefined) {
      level = new JsonLevel();
      this.#levels.push(level);
    }
    level.begin(position, isObject);
  }

  #endPiece(position: number): void {
    const level = this.#level;
    if (level.isAfterValue || position - level.batchStart > this.#pieceLength) {
      this.#takeApart();
      this.#endBatch(level, position);
      level.batchStart = position + 1;
    }
    level.pieceStart = position + 1;
    level.index += 1;
    level.expectsKey = level.isObject;
    level.keyStart = -1;
    level.keyEnd = -1;
  }

  #end(position: number, isObject: boolean): void {
    if (this.#depth === 0) refuse();
    const level = this.#level;
    this.#depth -= 1;
    const { values, names } = level;
    // This level was not read in pieces. JSON.parse will check whether the bracket is the right one.
    if (values === undefined) return;
    if (level.isObject !== isObject) refuse();
    this.#endBatch(level, position);
    const outer = this.#level;
    if (outer.values === undefined) return refuse();
    if (level.isObject) outer.values.push(Object.fromEntries(names.map((name, index) => [name, values[index]])));
    else outer.values.push(this.#text.isBytes ? new JsonList(this.#text, values) : values);
    outer.batchStart = position + 1;
    outer.isAfterValue = true;
  }

  /** Makes every level, from the outermost to the current one, a level that is read in pieces. */
  #takeApart(): void {
    // All levels around a level that is read in pieces are read in pieces already.
    let depth = this.#depth;
    while (this.#levels[depth]?.values === undefined) depth -= 1;
    for (; depth < this.#depth; depth += 1) {
      const outer = this.#levels[depth];
      const inner = this.#levels[depth + 1];
      if (outer?.values === undefined || inner === undefined) return refuse();
      // A value follows another value, with nothing between them.
      if (outer.isAfterValue) return refuse();
      if (outer.pieceStart > outer.batchStart) this.#parseBatch(outer, outer.pieceStart - 1);
      if (outer.isObject) outer.names.push(this.#readKeyBefore(outer, inner.start));
      else this.#expectWhiteSpace(outer.pieceStart, inner.start);
      inner.values = [];
      inner.names = [];
    }
  }

  #readKeyBefore({ pieceStart, keyStart, keyEnd }: JsonLevel, end: number): string {
    if (keyStart === -1) refuse();
    this.#expectWhiteSpace(pieceStart, keyStart);
    if (!/^[ \t\n\r]*:[ \t\n\r]*$/.test(this.#text.slice(keyEnd, end))) refuse();
    return parseKey(this.#text.slice(keyStart, keyEnd));
  }

  #expectWhiteSpace(start: number, end: number): void {
    if (!/^[ \t\n\r]*$/.test(this.#text.slice(start, end))) refuse();
  }

  #endBatch(level: JsonLevel, end: number): void {
    if (level.isAfterValue) {
      this.#expectWhiteSpace(level.batchStart, end);
      level.isAfterValue = false;
    } else {
      this.#parseBatch(level, end);
    }
  }

  #parseBatch(level: JsonLevel, end: number): void {
    const { isObject, values, names, batchStart } = level;
    if (values === undefined) return refuse();
    const piece = this.#text.slice(batchStart, end);
    const read = JSON.parse(isObject ? `{${piece}}` : `[${piece}]`) as Record<string, unknown> | unknown[];
    const keys = Object.keys(read);
    // Only white space would give an empty list, but a comma before or behind it requires an item.
    if (keys.length === 0) refuse();
    if (Array.isArray(read)) {
      // If the text was given as bytes, only the place of this run of items is kept, now that it is known to be JSON.
      // If it was given as a string, the items are kept. The level around the whole text is not a list, so its value is
      // kept.
      if (this.#text.isBytes && level !== this.#levels[0]) values.push(new JsonRun(batchStart, end));
      else for (const item of read) values.push(item);
    } else {
      for (const key of keys) {
        names.push(key);
        values.push(read[key]);
      }
    }
  }

  #describePath(): string {
    return this.#levels
      .slice(1, this.#depth + 1)
      .map((level) => (level.isObject ? `.${level.label}` : `[${level.index}]`))
      .join('')
      .replace(/^\./, '');
  }
}

function parseKey(literal: string): string {
  return String(JSON.parse(literal));
}

function refuse(): never {
  throw new SyntaxError('not JSON');
}
