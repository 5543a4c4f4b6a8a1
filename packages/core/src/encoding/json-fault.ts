/** The place where a text stops being JSON, and what to do about it. */
export interface JsonFault {
  readonly position: number;
  readonly what: string;
}

/** What may follow. With `first…`, the closing bracket may follow as well. */
type Expected = 'value' | 'firstValue' | 'key' | 'firstKey' | 'colon' | 'separator' | 'end';

const scalar = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y;
const whiteSpace = /[ \t\n\r]*/y;

/**
 * The first fault of a text that `JSON.parse` refuses, in words for its author. Undefined if the text is JSON. The
 * messages of JavaScript engines differ, quote the document, and don't always say where the fault is.
 */
export function findJsonFault(text: string, start = 0): JsonFault | undefined {
  const open: ('{' | '[')[] = [];
  let expected: Expected = 'value';
  let comma = start;
  let position = start;
  const afterValue = (): Expected => (open.length === 0 ? 'end' : 'separator');
  const fault = (what: string, at = position): JsonFault => ({ position: at, what });
  for (;;) {
    position = skip(whiteSpace, text, position);
    const character = text[position];
    if (character === undefined) {
      return expected === 'end' ? undefined : fault('it ends too early; was it written whole?');
    }
    if (expected === 'end') return fault('there is something after its end; remove it');
    const isClosing = character === '}' || character === ']';
    if (isClosing && expected !== 'colon') {
      const opening = open.at(-1);
      if (opening !== (character === '}' ? '{' : '['))
        return fault(`${character} does not close what was opened last; look for a bracket that is missing before it`);
      if (expected === 'key' || expected === 'value') {
        return text[comma] === ','
          ? fault(`there is a comma before the closing ${character}; remove it`, comma)
          : fault('a value is missing here');
      }
      open.pop();
      expected = afterValue();
      position += 1;
    } else if (expected === 'separator') {
      if (character !== ',') return fault('a comma is missing before this');
      comma = position;
      expected = open.at(-1) === '{' ? 'key' : 'value';
      position += 1;
    } else if (expected === 'colon') {
      if (character !== ':') return fault('a colon is missing between a key and its value');
      // The text before the next value is now a colon and not a comma.
      comma = position;
      expected = 'value';
      position += 1;
    } else if (character === '"') {
      const end = readString(text, position);
      if (typeof end !== 'number') return end;
      position = end;
      expected = isKey(expected) ? 'colon' : afterValue();
    } else if (isKey(expected)) {
      return fault(describeStray(character, 'a key in double quotes is missing here'));
    } else if (character === '{' || character === '[') {
      open.push(character);
      expected = character === '{' ? 'firstKey' : 'firstValue';
      position += 1;
    } else {
      const end = skip(scalar, text, position);
      if (end === position) return fault(describeStray(character, 'a value is missing here'));
      position = end;
      expected = afterValue();
    }
  }
}

function isKey(expected: Expected): boolean {
  return expected === 'key' || expected === 'firstKey';
}

function skip(pattern: RegExp, text: string, position: number): number {
  pattern.lastIndex = position;
  return pattern.test(text) ? pattern.lastIndex : position;
}

/** The position behind the closing quote, or the fault. */
function readString(text: string, start: number): number | JsonFault {
  for (let position = start + 1; position < text.length; position += 1) {
    const character = text[position] ?? '';
    if (character === '"') return position + 1;
    if (character < ' ') return { position, what: describeControl(character) };
    if (character !== '\\') continue;
    const escaped = /^(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/.exec(text.slice(position + 1, position + 6))?.[0];
    if (escaped === undefined) {
      return { position, what: 'a backslash that is meant as one is written \\\\ in JSON' };
    }
    position += escaped.length;
  }
  return { position: start, what: 'a string begins here that has no closing quote; was it written whole?' };
}

function describeControl(character: string): string {
  if (character === '\n' || character === '\r')
    return 'a string continues on the next line; write it on one line, with \\n for each line end (a PEM too)';
  if (character === '\t') return 'a string has a tab in it; write it as \\t';
  return 'a string has a control character in it; write it as \\u and four digits';
}

function describeStray(character: string, missing: string): string {
  if (character === '/' || character === '#') return 'JSON has no comments; remove it';
  if (character === "'") return 'JSON puts a string in double quotes, not in single ones';
  if (/[\w$]/.test(character)) return `${missing}; JSON has no such word or number (strings are in double quotes)`;
  return missing;
}

/** The fault with its line and column, in one line. Undefined if the text is JSON. */
export function describeJsonFault(text: string, start = 0): string | undefined {
  const fault = findJsonFault(text, start);
  if (fault === undefined) return undefined;
  const { position, what } = fault;
  const column = position - text.lastIndexOf('\n', position - 1);
  return `${what} (line ${countLines(text, position)}, column ${column})`;
}

export function countLines(text: string, end: number): number {
  let lines = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < end; at = text.indexOf('\n', at + 1)) lines += 1;
  return lines;
}
