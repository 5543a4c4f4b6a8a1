/**
 * The most levels of objects and lists that a member may have, not counting empty ones. A text with more is treated as
 * if it were not JSON. The writer of the Functions host stops at 64.
 */
const maximumDepth = 1000;

const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const openBracket = 0x5b;
const backslash = 0x5c;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** Does the work of `findJsonMember`. */
export function scanForMember(text: string, wanted: string): string | undefined {
  let found: string | undefined;
  let at = skipSpace(text, 0);
  if (text.charCodeAt(at) !== openBrace) return undefined;
  at = skipSpace(text, at + 1);
  let isEnd = text.charCodeAt(at) === closeBrace;
  while (!isEnd) {
    const keyEnd = skipString(text, at);
    const start = skipColon(text, keyEnd);
    const end = skipValue(text, start);
    if (end === none) return undefined;
    if (isKey(text, at, keyEnd, wanted)) {
      if (found !== undefined) return undefined;
      found = text.slice(start, end);
    }
    at = skipSpace(text, end);
    isEnd = text.charCodeAt(at) === closeBrace;
    if (isEnd) break;
    if (text.charCodeAt(at) !== comma) return undefined;
    at = skipSpace(text, at + 1);
  }
  return skipSpace(text, at + 1) === text.length ? found : undefined;
}

/** Whether the literal is the wanted key. Each of its characters may be written as six (`\u0074`). */
function isKey(text: string, start: number, end: number, wanted: string): boolean {
  if (end - start > 6 * wanted.length + 2) return false;
  const literal = text.slice(start, end);
  return literal === `"${wanted}"` || (literal.includes('\\') && JSON.parse(literal) === wanted);
}

// Each `skip` function takes the position where something begins and returns the position behind it, or `none` if it is
// not there.

const none = -1;

/** Skips a value of any kind. It is a loop, because recursion would exhaust the stack. */
function skipValue(text: string, start: number): number {
  /** The closing brackets that the objects and lists around the position need. */
  const closers: number[] = [];
  let at = start;
  while (at !== none) {
    const code = text.charCodeAt(at);
    if (code === openBrace || code === openBracket) {
      // In ASCII, a closing bracket is two after its opening one.
      const closer = code + 2;
      at = skipSpace(text, at + 1);
      if (text.charCodeAt(at) !== closer) {
        if (closers.push(closer) > maximumDepth) return none;
        if (closer === closeBrace) at = skipKey(text, at);
        continue;
      }
      at += 1;
    } else {
      at = code === quote ? skipString(text, at) : skipMatch(scalar, text, at);
      if (at === none) return none;
    }
    for (;;) {
      const closer = closers.at(-1);
      if (closer === undefined) return at;
      at = skipSpace(text, at);
      const next = text.charCodeAt(at);
      if (next !== closer && next !== comma) return none;
      at += 1;
      if (next === comma) {
        at = skipSpace(text, at);
        if (closer === closeBrace) at = skipKey(text, at);
        break;
      }
      closers.pop();
    }
  }
  return none;
}

function skipKey(text: string, start: number): number {
  return skipColon(text, skipString(text, start));
}

function skipColon(text: string, start: number): number {
  if (start === none) return none;
  const at = skipSpace(text, start);
  return text.charCodeAt(at) === colon ? skipSpace(text, at + 1) : none;
}

function skipSpace(text: string, start: number): number {
  let at = start;
  for (let code = text.charCodeAt(at); code === 32 || code === 10 || code === 13 || code === 9;) {
    at += 1;
    code = text.charCodeAt(at);
  }
  return at;
}

function skipString(text: string, start: number): number {
  if (text.charCodeAt(start) !== quote) return none;
  let at = start + 1;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code === quote) return at + 1;
    if (code === backslash) {
      at = skipEscape(text, at);
      if (at === none) return none;
    } else if (code >= 32) at += 1;
    // A control character, or the end of the text, where the code is NaN.
    else return none;
  }
}

function skipEscape(text: string, start: number): number {
  const code = text.charCodeAt(start + 1);
  if (code === letterU) return skipMatch(hexadecimal, text, start + 2);
  return escapes.includes(code) ? start + 2 : none;
}

const letterU = 0x75;
const escapes: readonly number[] = Array.from('"\\/bfnrt', (character) => character.charCodeAt(0));
const hexadecimal = /[\dA-Fa-f]{4}/y;
const scalar = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[Ee][+-]?\d+)?|true|false|null/y;

function skipMatch(pattern: RegExp, text: string, start: number): number {
  pattern.lastIndex = start;
  return pattern.test(text) ? pattern.lastIndex : none;
}
