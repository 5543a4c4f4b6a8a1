import { nameProcess } from './process-id.js';

/** Rises with every change of a line's shape that could break an existing query. */
export const logShapeVersion = 1;

/** The members with which every line begins. */
export interface LineStart<Event extends string> {
  /** The version of this format. It changes only if an existing query could break. */
  readonly certgate: typeof logShapeVersion;
  /** The kind of the line. */
  readonly event: Event;
  /** RFC 3339 with milliseconds: when the call was decided, or when the line was written. */
  readonly time: string;
  /**
   * 16 random hexadecimal digits that distinguish this process from others of the same instance. They don't identify
   * the instance, and they prove nothing. Lines of older versions lack them.
   */
  readonly process?: string;
}

/** A line before it is written. JSON leaves out the members that are undefined. */
export type Draft<Line> = Line extends readonly (infer Item)[]
  ? readonly Draft<Item>[]
  : Line extends object
    ? { readonly [Key in keyof Line]: Draft<Line[Key]> | undefined }
    : Line;

/** Makes the beginning of a line. `now` is in milliseconds since 1970-01-01T00:00:00Z. */
export function startLine<Event extends string>(event: Event, now: number = Date.now()): LineStart<Event> {
  return { certgate: logShapeVersion, event, time: formatTime(now), process: nameProcess() };
}

/** Formats a time (milliseconds since 1970-01-01T00:00:00Z) as RFC 3339 with milliseconds. */
export function formatTime(instant: number): string {
  return new Date(instant).toISOString();
}

/** The length to which most texts that a caller chose are cut, in characters. */
export const maximumFieldLength = 96;

/** Cuts a text that is longer than `length` characters, and ends it with an ellipsis. */
export function cutText(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

/**
 * Formats a line as JSON and escapes every control, format and line-separating character, so that a name can't forge a
 * line or change the direction of its text.
 */
export function formatLogLine(line: object): string {
  // A replacer doubles the cost, and hardly any line has a text to redact.
  const json = Object.values(line).every(isPlain) ? JSON.stringify(line) : JSON.stringify(line, redactValue);
  // Hardly any line has such a character. Looking for anything beyond printable ASCII costs a fraction of replacing.
  return /^[ -~]*$/.test(json) ? json : json.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, escapeCharacter);
}

function isPlain(value: unknown): boolean {
  return typeof value === 'string' ? redactText(value) === value : typeof value !== 'object';
}

function redactValue(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? redactText(value) : value;
}

function escapeCharacter(character: string): string {
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}

const maximumTextLength = 2000;
/** Shorter than the base64 of the shortest EC key, in characters. */
const shortestSecretLength = 160;

/**
 * Redacts a text for the log. A custom trust store may throw an error whose message contains what the store was given:
 * the certificate, or a key. Therefore PEM blocks, and runs of base64 as long as the shortest EC key, are replaced
 * (thumbprints are shorter), even if line ends or the whole text are escaped. A text of more than 2,000 characters is
 * cut.
 */
export function redactText(text: string): string {
  // This runs for every text of every line, and a pattern would try each of its characters.
  if (text.length < shortestSecretLength && !text.includes('-----BEGIN')) return text;
  return text
    .slice(0, maximumTextLength)
    .replace(/-----BEGIN(?: |\+|%20)[^-]*-----[^-]*(?:-----END(?: |\+|%20)[^-]*-----)?/g, '[PEM]')
    .replace(/(?:[A-Za-z0-9+/_\r\n-]|\\[rn]|%2[BF]|%3D|%0[AD]){160,}(?:=|%3D){0,2}/gi, '[base64]');
}

/** A frozen copy of plain data, with every text in it redacted. */
export function redactTexts<Data>(data: Data): Data {
  return copyRedacted(data) as Data;
}

function copyRedacted(value: unknown): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return Object.freeze(value.map(copyRedacted));
  return Object.freeze(Object.fromEntries(Object.entries(value).map(([key, each]) => [key, copyRedacted(each)])));
}
