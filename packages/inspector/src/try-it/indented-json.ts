/**
 * A JSON text with line ends and indentation between its tokens. The tokens themselves stay as they were sent: numbers keep
 * all their digits, and members that stand there twice are shown twice. Undefined: it is not one JSON object or array.
 */
export function indentJson(text: string): string | undefined {
  try {
    if (typeof JSON.parse(text) !== 'object') return undefined;
  } catch {
    return undefined;
  }
  let depth = 0;
  const pieces: string[] = [];
  const lineEnd = (): string => `\n${'  '.repeat(depth)}`;
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|\{\s*\}|\[\s*\]|[{}[\],:]|[^\s{}[\],:"]+/g) ?? [];
  for (const token of tokens) {
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

/** The body with its JSON indented: the whole, or the data of each server-sent event. Undefined: there is nothing to indent. */
export function indentBody(body: string): string | undefined {
  const whole = indentJson(body);
  if (whole !== undefined) return whole;
  const lines = body.split('\n').map((line) => {
    const data = /^data: ?(.*)$/.exec(line)?.[1];
    return data === undefined ? undefined : indentJson(data);
  });
  if (lines.every((line) => line === undefined)) return undefined;
  return body
    .split('\n')
    .map((line, index) => (lines[index] === undefined ? line : `data: ${lines[index]}`))
    .join('\n');
}
