/** Far beyond any expression, so that a bracket without its partner doesn't cost a walk through the whole file. */
const maximumExpressionLength = 65_536;

const closers: Readonly<Record<string, string>> = { '(': ')', '{': '}', '[': ']' };

/**
 * Where the policy expression that begins at `start` (`@(…)` or `@{…}`) ends: the position after its last bracket, or
 * undefined when it never does. Brackets inside C# strings, characters and comments don't count; in the escaped format
 * the quotes are `&quot;`.
 */
export function findExpressionEnd(text: string, start: number): number | undefined {
  const end = findEnd(text.slice(start + 1, start + maximumExpressionLength));
  return end === undefined ? undefined : start + 1 + end;
}

function findEnd(text: string): number | undefined {
  const open: string[] = [];
  const token = /[$@]{0,2}"|&quot;|'(?:[^'\\\n]|\\.[^'\n]{0,8})'|\/\/[^\n]*|\/\*[\s\S]*?\*\/|[()[\]{}]/g;
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    const [mark] = match;
    if (mark.endsWith('"') || mark === '&quot;') {
      const end = findStringEnd(text, token.lastIndex, mark);
      if (end === undefined) return undefined;
      token.lastIndex = end;
    } else if (mark in closers) {
      open.push(closers[mark] ?? '');
    } else if (mark.length === 1) {
      if (open.pop() !== mark) return undefined;
      if (open.length === 0) return token.lastIndex;
    }
  }
  return undefined;
}

function findStringEnd(text: string, start: number, mark: string): number | undefined {
  const quote = mark === '&quot;' ? '&quot;' : '"';
  // In a verbatim string a quote is doubled, and a backslash means itself.
  const inside = mark.includes('@') ? /"(?!")|""/g : new RegExp(`\\\\(?:&quot;|[\\s\\S])|${quote}`, 'g');
  inside.lastIndex = start;
  for (let match = inside.exec(text); match !== null; match = inside.exec(text)) {
    if (match[0] === quote) return inside.lastIndex;
  }
  return undefined;
}
