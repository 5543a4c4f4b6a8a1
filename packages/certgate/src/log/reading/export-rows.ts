import { findGateLines, isObject, type LineSink, parseJson, parseObject } from './gate-lines.js';
import type { LineOrigin } from './log-record.js';
import { countColumn, type QueryResult } from './query-result.js';

type Part = 'message' | 'app' | 'instance' | 'itemCount' | 'within' | 'count';

/** What the columns of exports are called: of AppTraces and traces, of FunctionAppLogs, of containers. In lower case. */
const parts: ReadonlyMap<string, Part> = new Map<string, Part>([
  ['message', 'message'],
  ['msg', 'message'],
  ['log', 'message'],
  ['log_s', 'message'],
  ['logmessage', 'message'],
  ['approlename', 'app'],
  ['cloud_rolename', 'app'],
  ['appname', 'app'],
  ['containerappname_s', 'app'],
  ['approleinstance', 'instance'],
  ['cloud_roleinstance', 'instance'],
  ['roleinstance', 'instance'],
  ['containergroupname_s', 'instance'],
  ['itemcount', 'itemCount'],
  ['properties', 'within'],
  [countColumn, 'count'],
]);

/** Columns that were looked up: an export has the same ones in each row. */
const known = new Map<string, Part | undefined>();
const maximumKnown = 1000;

/** Which part of the envelope the column has; keys are in any case. */
export function findPart(column: string): Part | undefined {
  if (known.has(column)) return known.get(column);
  const part = column.length > 40 ? undefined : parts.get(column.toLowerCase());
  if (known.size < maximumKnown) known.set(column, part);
  return part;
}

/** What a row of an export says of a line, and the line. */
export interface Envelope {
  readonly message: unknown;
  readonly origin: LineOrigin;
}

/** @returns undefined for a row without a message. */
export function readEnvelope(row: Readonly<Record<string, unknown>>, app: string): Envelope | undefined {
  const found: Partial<Record<Part, unknown>> = {};
  for (const key of Object.keys(row)) {
    const part = findPart(key);
    if (part !== undefined) found[part] = row[key];
  }
  const { message, within } = found;
  if (message === undefined || message === null) return isObject(within) ? readEnvelope(within, app) : undefined;
  return { message, origin: readOrigin(found, app) };
}

function readOrigin({ app, instance, itemCount }: Partial<Record<Part, unknown>>, fileApp: string): LineOrigin {
  const count = typeof itemCount === 'string' ? Number(itemCount || Number.NaN) : itemCount;
  return {
    app: typeof app === 'string' && app !== '' ? app : fileApp,
    instance: typeof instance === 'string' && instance !== '' ? instance : undefined,
    itemCount: typeof count === 'number' && Number.isSafeInteger(count) && count > 0 ? count : undefined,
  };
}

/** Takes what is found in one line of text or one row. */
export interface RowSink {
  /** For the lines of the origin. */
  readonly from: (origin: LineOrigin) => LineSink;
  /** There was no line of a gate. */
  readonly passOther: () => void;
  readonly passUnreadable: () => void;
}

/** What takes the lines of one file: as records, or as a command wants them. */
export interface FileSink extends RowSink {
  readonly passTooLong: () => void;
  /** What follows is the last line of a plain file, without its line end. */
  readonly beginUnended?: () => void;
  /** Why lines of the file may be missing: one sentence. */
  readonly noteGap: (gap: string) => void;
}

/** A message that has several lines may have several of gates. */
export function readMessage({ message, origin }: Envelope, sink: RowSink): void {
  const lines = sink.from(origin);
  if (isObject(message)) {
    // A collector has parsed it.
    if ('certgate' in message) lines.takeLine(message, JSON.stringify(message));
    else sink.passOther();
    return;
  }
  let count = 0;
  const text = String(message);
  for (const line of text.includes('\n') ? text.split('\n') : [text]) count += findGateLines(line, lines);
  if (count === 0) sink.passOther();
}

/** One line of a file: of a console, a row of JSON lines, or a part of a JSON file that could not be read as a whole. */
export function readTextLine(text: string, origin: LineOrigin, sink: RowSink, result: QueryResult): void {
  if (!text.includes('certgate')) {
    sink.passOther();
    return;
  }
  // Nothing else is looked for in a row of JSON, which has its line in a text.
  const row = text.startsWith('{"') && !text.startsWith('{"certgate"') ? parseObject(text) : undefined;
  if (row !== undefined && result.takeJsonLine(row)) return;
  if (row === undefined) result.takeText(text);
  if (row !== undefined) readValue(row, origin, sink);
  else if (findGateLines(text, sink.from(origin)) === 0) readJsonLine(text.trim(), origin, sink);
}

/** An object, an array, one member of an object, or a row of CSV, as their first characters say. */
function readJsonLine(text: string, origin: LineOrigin, sink: RowSink): void {
  const withoutComma = text.endsWith(',') ? text.slice(0, -1) : text;
  const value =
    parseJson(withoutComma) ?? (text.startsWith('"') ? parseObject(`{${withoutComma}}`) : undefined) ?? readCells(text);
  if (value !== undefined) readValue(value, origin, sink);
  else if (/\{\s*(?:\\"|"")certgate(?:\\"|"")\s*:/.test(text)) sink.passUnreadable();
  else sink.passOther();
}

/** Of a row in quotation marks whose header is elsewhere. */
function readCells(text: string): readonly string[] | undefined {
  if (!text.startsWith('"') || !text.includes('""')) return undefined;
  return text.split(/(?<=(?:^|[^"])(?:"")*"),(?=")/).map((cell) => cell.slice(1, -1).replaceAll('""', '"'));
}

/** Of a value that names no columns, each text that is a line of a gate. */
function readValue(value: unknown, { app, ...origin }: LineOrigin, sink: RowSink): void {
  const envelope = isObject(value) ? readEnvelope(value, app) : undefined;
  if (envelope !== undefined) {
    readMessage(envelope, sink);
    return;
  }
  const texts = listTexts(value, 0).filter((text) => /^\s*\{\s*"certgate"\s*:/m.test(text));
  if (texts.length === 0) sink.passOther();
  for (const message of texts) readMessage({ message, origin: { app, ...origin } }, sink);
}

/** Of arrays within arrays, as the rows of a table are; an object's texts have columns, and none is a message. */
function listTexts(value: unknown, depth: number): readonly string[] {
  if (typeof value === 'string') return [value];
  if (depth > 3) return [];
  if (Array.isArray(value)) return value.flatMap((each) => listTexts(each, depth + 1));
  return isObject(value) ? listTexts(value['rows'] ?? value['records'] ?? [], depth + 1) : [];
}
