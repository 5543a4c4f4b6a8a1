const maximumLength = 200;

/** What a stranger writes into a certificate is told to the operator, and must not fill the log. Never half a character. */
export function shortenText(text: string): string {
  if (text.length <= maximumLength) return text;
  // A flat copy: a slice keeps the whole text alive, and what is shortened here is remembered with a refusal.
  const beginning = Buffer.from(text.slice(0, maximumLength), 'utf16le').toString('utf16le');
  return `${beginning.replace(/\p{Cs}$/u, '')}…`;
}

/** What could break a line of a log, or hide in it, as `\u{a}`; half a character, which would be shown as another, too. */
export function escapeInvisible(text: string): string {
  // A start that meets nothing else does without the Unicode tables.
  if (/^[ -~]*$/.test(text)) return text;
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}
