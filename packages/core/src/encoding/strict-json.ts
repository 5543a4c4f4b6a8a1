// encoding/: strict JSON, and texts and URLs that are safe to show.

import { countLines, describeJsonFault } from './json-fault.js';
import { JsonLevel } from './json-level.js';
import { JsonList, JsonRun, type JsonText, openJsonText } from './json-pieces.js';

/** Where a key stands a second time in one object, e.g. `identities[0].name`. */
export interface DuplicateKey {
  readonly path: string;
}

export type JsonReading =
  | {
      readonly ok: true;
      /** Of bytes, lists that are longer than a piece are `JsonList`s in it. */
      readonly value: unknown;
      /** The first in the text. `value` is then what one of several readers would make of it, and not to be used. */
      readonly duplicateKey: DuplicateKey | undefined;
    }
  | { readonly ok: false; readonly fault: string };

/** Characters or bytes per step and per call of JSON.parse: a fraction of a millisecond each. */
const usualPieceLength = 16_384;

/** `JSON.parse` has no limit but memory; this one keeps a broken text of brackets from taking it. */
const maximumDepth = 10_000;

/** Up to here, a broken text is read once more as a whole, to name the very character. */
const wholeTextLength = 1024 * 1024;

/**
 * Parses JSON in steps of bounded work. The result is that of `JSON.parse`, which reads every piece, and what is no JSON
 * for it as a whole is none here; so is what has more than 10,000 levels. `JSON.parse` keeps the last of two equal keys
 * and says nothing (RFC 8259 §4 leaves it open); in a document that says who is admitted, two readers must not differ, so
 * the first one is named.
 *
 * A byte order mark in front is skipped: Windows editors put it there, and RFC 8259 §8.1 lets a reader ignore it.
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

/** How long the byte order mark is. */
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
 * Looks for commas and brackets outside of strings, and gives what lies between to JSON.parse as soon as there is enough
 * of it. Only then is a level taken apart: a list or an object is read in pieces when it is longer than a piece.
 *
 * Why nothing else than JSON gets through, however wrong the scan may be about a text that is none: each character is
 * either checked here (the brackets of a level that was taken apart, its commas, the key before it and the white space
 * around) or part of a run of members or items that JSON.parse accepted; and runs, joined by commas, are a run.
 */
class PieceParser {
  position: number;
  duplicateKey: DuplicateKey | undefined;
  isTooDeep = false;
  readonly #text: JsonText;
  readonly #pieceLength: number;
  /** Used again and again, one per depth. The first stands for a list around the text, which must have one item. */
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

  /** The value of the whole text, once all of it is scanned. */
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

  /** Answers with the position of the quote that ends the string. */
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
    // Not taken apart: whether the bracket is the right one, JSON.parse will say.
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

  /** From the outermost level to the present one, each becomes a level that is read in pieces. */
  #takeApart(): void {
    // Those around one that is taken apart are, too.
    let depth = this.#depth;
    while (this.#levels[depth]?.values === undefined) depth -= 1;
    for (; depth < this.#depth; depth += 1) {
      const outer = this.#levels[depth];
      const inner = this.#levels[depth + 1];
      if (outer?.values === undefined || inner === undefined) return refuse();
      // A second value with nothing between it and the first.
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
    // White space alone would be an empty list, but here something stands before a comma or after one.
    if (keys.length === 0) refuse();
    if (Array.isArray(read)) {
      // Of what was read, nothing is kept but that it is JSON; the list around the whole text is none of the text's.
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
