/** A line of Certgate's, as an object of whatever its writer put into it. */
export type LogLine = Readonly<Record<string, unknown>>;

/**
 * The lines of Certgate in a log: as they are, behind other text, or as a text within JSON or CSV, as an export of
 * Application Insights has them. Other lines are passed over.
 */
export function readLogLines(text: string): readonly LogLine[] {
  const { lines, rest } = takeObjects(text);
  const ofJson = rest.replace(/\\(["\\/n])/g, (_, character: string) => (character === 'n' ? '\n' : character));
  return [...lines, ...takeObjects(ofJson).lines, ...takeObjects(rest.replaceAll('""', '"')).lines];
}

/** What is left has none of their texts: a caller may have chosen a name that looks like a line in a text. */
function takeObjects(text: string): { readonly lines: readonly LogLine[]; readonly rest: string } {
  const lines: LogLine[] = [];
  const rest: string[] = [];
  let end = 0;
  for (const { index } of text.matchAll(/\{\s*"certgate"\s*:/g)) {
    if (index < end) continue;
    rest.push(text.slice(end, index));
    end = findEnd(text, index);
    const value = parse(text.slice(index, end));
    if (typeof value === 'object' && value !== null) lines.push(value as LogLine);
  }
  return { lines, rest: [...rest, text.slice(end)].join('') };
}

/** Behind the brace that closes the object; a line end within it shows that it was cut short. */
function findEnd(text: string, start: number): number {
  let depth = 0;
  let isInText = false;
  for (let index = start; index < text.length; index += 1) {
    const character = text[index];
    if (character === '\n') return index;
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

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** In characters: a whole line of a gate is shorter. */
const maximumTextLength = 2048;

/** A text of the line; what is there and is none counts as absent. */
export function findText(line: LogLine, key: string): string | undefined {
  const value = Object.hasOwn(line, key) ? line[key] : undefined;
  return typeof value === 'string' && value !== '' ? value.slice(0, maximumTextLength) : undefined;
}
