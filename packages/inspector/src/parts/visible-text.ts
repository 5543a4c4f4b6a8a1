// parts/: what several views share: text, time, commands to copy, files, the decision step by step.

/** Controls but tab and line feed; those that turn the direction of text round; what has no width. */
const invisible = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

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
  const code = character.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return `\u{27e8}U+${code.toString(16).toUpperCase().padStart(4, '0')}\u{27e9}`;
}
