/**
 * Controls (a terminal obeys them), formats (U+202E shows a text backwards, U+200B nothing at all), private characters,
 * lone surrogates, and separators that some programs take for the end of a line.
 */
const unsafeCharacter = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * Colours that an app may give its lines, and this tool its own: none that could hide what follows (concealed, reversed,
 * black, white, backgrounds).
 */
const harmlessColour = /(\u001b\[(?:0|1|2|22|3[1-6]|39|90)m)/;

const reset = '\u001b[0m';

const shortEscapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** As JSON has it, so that a line of JSON stays one. */
function escapeCharacter(character: string): string {
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
  return shortEscapes[character] ?? units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}

/**
 * For all text that others wrote (documents, certificates, apps), on one line of ours: it can't steer the terminal, pass
 * for a line of its own, or be read in another order than it is written in.
 */
export function escapeControls(text: string): string {
  return text.replace(unsafeCharacter, escapeCharacter);
}

/** Each text within a value of plain data: clean before our own colours are put around it. */
export function escapeTexts<Value>(value: Value): Value {
  return escapeText(value) as Value;
}

function escapeText(value: unknown): unknown {
  if (typeof value === 'string') return escapeControls(value);
  if (Array.isArray(value)) return value.map(escapeText);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, escapeText(member)]));
}

/** For text of several lines, such as the body of an answer: line ends and tabs stay. */
export function escapeLines(text: string): string {
  return text.replace(unsafeCharacter, (character) =>
    character === '\n' || character === '\t' ? character : escapeCharacter(character),
  );
}

/**
 * For a line of a log, which callers may have chosen a part of: the colours of the app stay, but end with its text, and
 * what follows a line end is indented, so that it can't pass for a line of its own.
 */
export function formatLogText(text: string): string {
  return escapeBesideColours(text.replaceAll('\r\n', '\n'), escapeLines).replaceAll('\n', '\n    ');
}

/**
 * As a shell takes it for one word: whoever copies a command that we print must not run what a name in it says. For POSIX
 * shells; double quotes, where they suffice, are those of Windows too.
 */
export function shellWord(text: string): string {
  if (/^[\w.@:/+=,%-]+$/.test(text)) return text;
  if (!/["$`\\!]/.test(text)) return `"${text}"`;
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** For what went wrong: messages name files and words that others chose. `margin` stands before each further line. */
export function formatMessage(text: string, margin = '      '): string {
  return escapeLines(text).replaceAll('\n', `\n${margin}`);
}

/**
 * The last step before a terminal, for whatever is printed: it leaves harmless colours and line ends, and no colour stays
 * on behind the text.
 */
export function formatForTerminal(text: string): string {
  return escapeBesideColours(text, (part) => part.split('\r\n').map(escapeLines).join('\r\n'));
}

function escapeBesideColours(text: string, escape: (text: string) => string): string {
  const parts = text.split(harmlessColour);
  const shown = parts.map((part, index) => (index % 2 === 1 ? part : escape(part))).join('');
  return hasOpenColour(shown) ? `${shown}${reset}` : shown;
}

/** Ours are closed one by one: 39 ends a colour, 22 bold and dim. */
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

/** Text of others within a table of Markdown, or any other line of it. */
export function escapeMarkdown(text: string): string {
  return escapeLines(text)
    .replaceAll(/[\\`*_<>|[\]~@#&]/g, (character) => `&#${character.charCodeAt(0)};`)
    .replaceAll('\n', '<br>');
}
