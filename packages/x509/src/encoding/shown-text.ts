const maximumLength = 200;

/** What a stranger writes into a certificate is told to the operator, and must not fill the log. Never half a character. */
export function shortenText(text: string): string {
  if (text.length <= maximumLength) return text;
  // A flat copy: a slice keeps the whole text alive, and what is shortened here is remembered with a refusal.
  const beginning = Buffer.from(text.slice(0, maximumLength), 'utf16le').toString('utf16le');
  return `${beginning.replace(/[\ud800-\udfff]$/u, '')}…`;
}

/** What could break a line of a log, or hide in it, as `\u{a}`; half a character, which would be shown as another, too. */
export function escapeInvisible(text: string): string {
  return replaceInvisible(text, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

let invisible: RegExp | undefined;

/** Of controls, line ends, half characters and what Unicode doesn't know. */
export function replaceInvisible(text: string, replace: (character: string) => string): string {
  if (/^[ -~]*$/.test(text)) return text;
  // No literal: for one, V8 makes the Unicode tables when it reads this file, at each cold start.
  invisible ??= new RegExp(String.raw`[\p{C}\p{Zl}\p{Zp}]`, 'gu');
  return text.replace(invisible, replace);
}
