// parts/: what several views share: text, time, commands to copy, files, the decision step by step.

/**
 * The characters that the tool also escapes for a terminal: control characters other than tab and line feed; format
 * characters, which change the direction of text or have no width; private-use characters; lone surrogates; and line
 * and paragraph separators.
 */
const invisible = /(?![\t\n])[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * A copy of an answer in which all texts show the characters that would be invisible. Unknown callers choose the names
 * in their certificates, and an invisible character can make one name look like another. CRLF becomes a line feed.
 */
export function makeVisible<Value>(value: Value): Value {
  return visit(value) as Value;
}

function visit(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('\r\n', '\n').replace(invisible, show);
  if (Array.isArray(value)) return value.map(visit);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, visit(each)]));
}

/**
 * Shows a control character below U+0020 by its picture, from U+2400 on, and every other character by its code point.
 */
function show(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return `\u{27e8}U+${code.toString(16).toUpperCase().padStart(4, '0')}\u{27e9}`;
}
