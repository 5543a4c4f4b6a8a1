/** Receives what is found in a text. */
export interface LineSink {
  /**
   * Takes an object with the member `certgate`, and its text: as it was written, or formatted again if a log collector
   * has parsed it.
   */
  readonly takeLine: (value: Readonly<Record<string, unknown>>, text: string) => void;
  /** Called for a text that begins like a gate's line, but is not a whole JSON object. */
  readonly passUnreadable: () => void;
}

const usualStart = '{"certgate":';
const anyStart = /\{\s*"certgate"\s*:/g;

/**
 * Finds the gate lines in one line of text. A gate line may follow other text, such as the time that a host writes
 * first. If a quotation mark or an apostrophe comes before the first gate line, nothing is found: then the gate line
 * may be part of a text that a program quotes, such as the user agent of a request, which the caller has chosen. A text
 * inside a gate line that looks like a gate line is ignored too.
 *
 * @returns the number of gate lines, including unreadable ones.
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

/** @returns the position after the gate line. */
function takeLine(text: string, start: number, sink: LineSink): number {
  // Nearly every gate line is the end of the text, so that is tried first.
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

/** The position after the brace that closes the object, or the end of the text if none does. */
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

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
