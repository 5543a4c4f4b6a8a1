/** What is found in a text. */
export interface LineSink {
  /** An object that begins as the lines of gates do, and its text as it was written. */
  readonly takeLine: (value: Readonly<Record<string, unknown>>, text: string) => void;
  /** A line with the beginning of one that is no whole JSON object. */
  readonly passUnreadable: () => void;
}

const usualStart = '{"certgate":';
const anyStart = /\{\s*"certgate"\s*:/g;

/**
 * The lines of gates in one line of text: as they are, or behind other text, such as the time that a host writes first.
 * What stands behind a quotation mark is what a program says of a text, such as the user agent of a request, which whoever
 * calls has chosen; and so is what looks like a line within a text of a line.
 *
 * @returns how many there were, with those that are unreadable.
 */
export function findGateLines(text: string, sink: LineSink): number {
  let count = 0;
  let start = findStart(text, 0);
  while (start >= 0 && (count > 0 || !/["']/.test(text.slice(0, start)))) {
    count += 1;
    const end = takeLine(text, start, sink);
    start = findStart(text, end);
  }
  return count;
}

function findStart(text: string, from: number): number {
  const usual = text.indexOf(usualStart, from);
  if (usual === 0 || !text.includes('"certgate"', from)) return usual;
  anyStart.lastIndex = from;
  return anyStart.exec(text)?.index ?? -1;
}

/** @returns where it ends. */
function takeLine(text: string, start: number, sink: LineSink): number {
  // Of nearly every line, nothing is behind it.
  const whole = text.endsWith('}') ? text.slice(start) : text.slice(start).trimEnd();
  const value = whole.endsWith('}') ? parseObject(whole) : undefined;
  if (value !== undefined) {
    sink.takeLine(value, whole);
    return text.length;
  }
  const end = findEnd(text, start);
  const part = text.slice(start, end);
  const own = parseObject(part);
  if (own === undefined) sink.passUnreadable();
  else sink.takeLine(own, part);
  return end;
}

/** Behind the brace that closes the object. */
function findEnd(text: string, start: number): number {
  let depth = 0;
  let isInText = false;
  for (let index = start; index < text.length; index += 1) {
    const character = text[index];
    if (isInText) {
      if (character === '\\') index += 1;
      else if (character === '"') isInText = false;
    } else if (character === '"') isInText = true;
    else if (character === '{') depth += 1;
    else if (character === '}') {
      depth -= 1;
      if (depth === 0) return index + 1;
    }
  }
  return text.length;
}

export function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  const value = parseJson(text);
  return isObject(value) ? value : undefined;
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** No array. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
