// texts/: texts that are safe to show, commands to copy, and times in words.

/**
 * Control characters (a terminal obeys them), format characters (U+202E shows text backwards, U+200B shows nothing),
 * private-use characters, lone surrogates, and separators that some programs take for the end of a line.
 */
const unsafeCharacter = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * The colours that an app may use in its lines, and that this tool uses itself. Sequences that could hide the text
 * after them (concealed, reversed, black, white, backgrounds) are not among them.
 */
const harmlessColour = /(\u001b\[(?:0|1|2|22|3[1-6]|39|90)m)/;

const reset = '\u001b[0m';

const shortEscapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Escapes a character the way JSON does, so that a line of JSON stays valid JSON on one line. */
function escapeCharacter(character: string): string {
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
  return shortEscapes[character] ?? units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}

/**
 * Escapes text that others wrote (documents, certificates, apps) for use in one line of our output. The result can't
 * control the terminal, look like a line of its own, or be shown in another order than it is written in.
 */
export function escapeControls(text: string): string {
  return text.replace(unsafeCharacter, escapeCharacter);
}

/**
 * Escapes every text within a value of plain data, except the keys. Use it before our own colours are added, because it
 * would escape them too.
 */
export function escapeTexts<Value>(value: Value): Value {
  return escapeText(value) as Value;
}

function escapeText(value: unknown): unknown {
  if (typeof value === 'string') return escapeControls(value);
  if (Array.isArray(value)) return value.map(escapeText);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, escapeText(member)]));
}

/** Escapes text of several lines, such as the body of an answer, and keeps its line feeds and tabs. */
export function escapeLines(text: string): string {
  return text.replace(unsafeCharacter, (character) =>
    character === '\n' || character === '\t' ? character : escapeCharacter(character),
  );
}

/**
 * Escapes a log line of the app, parts of which its callers may have chosen. The app's harmless colours stay, but end
 * with the line. Text after a line end is indented, so that it can't pass for a line of its own.
 */
export function formatLogText(text: string): string {
  return escapeExceptColours(text.replaceAll('\r\n', '\n'), escapeLines).replaceAll('\n', '\n    ');
}

/**
 * Quotes a text so that a shell of this system takes it for one word. We print commands that users copy, and a shell
 * must never run anything that a name in them contains.
 */
export function shellWord(text: string): string {
  return process.platform === 'win32' ? windowsWord(text) : posixWord(text);
}

/**
 * Quotes a text for PowerShell 7.3 or later. cmd gets the same word unless the text contains `$`, a backtick, a curly
 * quote, a line end or the name of a variable between percent signs. Neither shell runs anything in the word: to both,
 * two double quotes are one within the word. PowerShell would split `-a.b` and `a,b`, and read digits as a number.
 */
export function windowsWord(text: string): string {
  if (/^(?:--?[a-z-]*|[a-z_./\\][\w.:/\\=+-]*)$/i.test(text)) return text;
  const escaped = text
    .replaceAll('"', '""')
    .replaceAll(/[`$\u201c-\u201e]/g, '`$&')
    .replaceAll('\n', '`n')
    .replaceAll('\r', '`r');
  // A program takes a backslash before the last quote for an escape.
  return `"${escaped.replace(/\\+$/, '$&$&')}"`;
}

function posixWord(text: string): string {
  if (/^[\w.@:/+=,%-]+$/.test(text)) return text;
  if (!/["$`\\!]/.test(text)) return `"${text}"`;
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/**
 * Escapes a message about a failure, which may contain file names and words that others chose. Each line after the
 * first begins with `margin`.
 */
export function formatMessage(text: string, margin = '      '): string {
  return escapeLines(text).replaceAll('\n', `\n${margin}`);
}

/**
 * Escapes any output as the last step before the terminal. Harmless colours and line ends stay, and a colour that is
 * still on at the end is switched off.
 */
export function formatForTerminal(text: string): string {
  return escapeExceptColours(text, (part) => part.split('\r\n').map(escapeLines).join('\r\n'));
}

function escapeExceptColours(text: string, escape: (text: string) => string): string {
  const parts = text.split(harmlessColour);
  const shown = parts.map((part, index) => (index % 2 === 1 ? part : escape(part))).join('');
  return hasOpenColour(shown) ? `${shown}${reset}` : shown;
}

/**
 * Whether a colour, bold or dim is still on at the end of the text. Code 39 ends a colour, 22 ends bold and dim, and 0
 * ends both.
 */
function hasOpenColour(text: string): boolean {
  let isColoured = false;
  let isBoldOrDim = false;
  for (const [, code] of text.matchAll(new RegExp(harmlessColour, 'g'))) {
    const number = Number(code?.slice(2, -1));
    if (number === 0) isColoured = isBoldOrDim = false;
    else if (number === 39) isColoured = false;
    else if (number === 22) isBoldOrDim = false;
    else if (number === 1 || number === 2) isBoldOrDim = true;
    else isColoured = true;
  }
  return isColoured || isBoldOrDim;
}

/** Escapes text that others wrote for a table of Markdown or any other line of Markdown. */
export function escapeMarkdown(text: string): string {
  return escapeLines(text)
    .replaceAll(/[\\`*_<>|[\]~@#&]/g, (character) => `&#${character.charCodeAt(0)};`)
    .replaceAll('\n', '<br>');
}
