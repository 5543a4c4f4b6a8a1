/**
 * The longest indented text to show, in characters. Deep nesting turns a short text into one so long that a browser
 * hangs.
 */
const longestIndented = 1_000_000;

/**
 * A JSON text with line ends and indentation between its tokens. The tokens themselves stay as they were sent: numbers
 * keep all their digits, and members that appear there twice are shown twice. Undefined if the text must be shown as
 * it is: it is not one JSON object or array, or the result would be too long.
 */
export function indentJson(text: string): string | undefined {
  if (!isObjectOrArray(text)) return undefined;
  let depth = 0;
  let length = text.length;
  const pieces: string[] = [];
  const lineEnd = (): string => `\n${'  '.repeat(depth)}`;
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|\{\s*\}|\[\s*\]|[{}[\],:]|[^\s{}[\],:"]+/g) ?? [];
  for (const token of tokens) {
    length += 2 * depth;
    if (length > longestIndented) return undefined;
    const last = token.at(-1);
    if (token === '{' || token === '[') {
      depth += 1;
      pieces.push(token, lineEnd());
    } else if (token === '}' || token === ']') {
      depth -= 1;
      pieces.push(lineEnd(), token);
    } else if (token === ',') pieces.push(token, lineEnd());
    else if (token === ':') pieces.push(': ');
    else pieces.push(last === '}' ? '{}' : last === ']' ? '[]' : token);
  }
  return pieces.join('');
}

function isObjectOrArray(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null;
  } catch {
    return false;
  }
}

/**
 * The body with its JSON indented: the whole body, or the data of each server-sent event. Undefined if the body must be
 * shown as it is.
 */
export function indentBody(body: string): string | undefined {
  const whole = indentJson(body);
  if (whole !== undefined) return whole;
  const lines = body.split('\n').map((line) => {
    const data = /^data: ?(.*)$/.exec(line)?.[1];
    return data === undefined ? undefined : indentJson(data);
  });
  if (lines.every((line) => line === undefined)) return undefined;
  const indented = body
    .split('\n')
    .map((line, index) => (lines[index] === undefined ? line : `data: ${lines[index]}`))
    .join('\n');
  return indented.length > longestIndented ? undefined : indented;
}
