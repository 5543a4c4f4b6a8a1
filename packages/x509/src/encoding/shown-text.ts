const maximumLength = 200;

/**
 * Shortens a text that an unknown caller wrote into a certificate, so that it can't fill the log. Never cuts a
 * character in half.
 */
export function shortenText(text: string): string {
  if (text.length <= maximumLength) return text;
  // Makes a flat copy: a slice would keep the whole text in memory while the gate remembers the refusal.
  const beginning = Buffer.from(text.slice(0, maximumLength), 'utf16le').toString('utf16le');
  return `${beginning.replace(/[\ud800-\udfff]$/u, '')}…`;
}

/**
 * Replaces the characters of `replaceInvisible`, which could break a line of a log, hide in it or be shown as another
 * character, by their code points, such as a line feed by `\u{a}`.
 */
export function escapeInvisible(text: string): string {
  return replaceInvisible(text, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

let invisible: RegExp | undefined;

/**
 * Replaces the characters of Unicode's category "Other" (controls, invisible format characters, half characters,
 * private use, unassigned) and the line and paragraph separators.
 */
export function replaceInvisible(text: string, replace: (character: string) => string): string {
  if (/^[ -~]*$/.test(text)) return text;
  // Not a literal: V8 would make the Unicode tables when it reads this file, at each cold start.
  invisible ??= new RegExp(String.raw`[\p{C}\p{Zl}\p{Zp}]`, 'gu');
  return text.replace(invisible, replace);
}
