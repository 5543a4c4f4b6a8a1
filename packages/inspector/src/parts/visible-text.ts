// parts/: what several views share: text, time, commands to copy, files, the decision step by step.

/**
 * Controls but tab and line feed; formats, which turn the direction of text round or have no width; private characters, lone
 * surrogates and separators of lines: what the tool escapes for a terminal.
 */
const invisible = /(?![\t\n])[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * A copy of an answer whose texts show every character that would be invisible: names in certificates are chosen by
 * strangers, and may read differently than they are. CRLF counts as a line feed.
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

/** U+2400 and what follows are pictures of the control characters. */
function show(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return `\u{27e8}U+${code.toString(16).toUpperCase().padStart(4, '0')}\u{27e9}`;
}
