import { findGateLines, isObject, type LineSink, parseJson, parseObject } from './gate-lines.js';
import type { LineOrigin } from './log-record.js';
import { countColumn, type QueryResult } from './query-result.js';

type Part = 'message' | 'app' | 'instance' | 'itemCount' | 'within' | 'count';

/**
 * The names of the columns that are read, in lower case: those of the tables AppTraces, traces and FunctionAppLogs, of
 * container logs, and of the query that `writeLinesQuery` returns.
 */
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

/** Column names that were looked up before. An export has the same ones in each row. */
const known = new Map<string, Part | undefined>();
const maximumKnown = 1000;

/** What the column contains. Names are compared without regard to case. Undefined for other columns. */
export function findPart(column: string): Part | undefined {
  if (known.has(column)) return known.get(column);
  const part = column.length > 40 ? undefined : parts.get(column.toLowerCase());
  if (known.size < maximumKnown) known.set(column, part);
  return part;
}

/** The message of an export's row, which may contain a gate's lines, and where the row says they come from. */
export interface Envelope {
  readonly message: unknown;
  readonly origin: LineOrigin;
}

/** @returns undefined if neither the row nor its `properties` have a message. */
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

/** Receives what is found in one line of text or one row. */
export interface RowSink {
  /** The sink for gate lines that come from this origin. */
  readonly from: (origin: LineOrigin) => LineSink;
  /** Called for a line or row without a line of a gate. */
  readonly passOther: () => void;
  readonly passUnreadable: () => void;
}

/** Receives the lines of one file. */
export interface FileSink extends RowSink {
  readonly passTooLong: () => void;
  /** Called at the end of a plain file. If a line follows, it is the last one, and has no line end. */
  readonly beginUnended?: () => void;
  /** Takes one sentence that says why lines of the file may be missing. */
  readonly noteGap: (gap: string) => void;
}

/** Reads the gate lines in a message. A message of several lines may contain several of them. */
export function readMessage({ message, origin }: Envelope, sink: RowSink): void {
  const lines = sink.from(origin);
  if (isObject(message)) {
    // A log collector has already parsed the gate's line into an object.
    if ('certgate' in message) lines.takeLine(message, JSON.stringify(message));
    else sink.passOther();
    return;
  }
  let count = 0;
  const text = String(message);
  for (const line of text.includes('\n') ? text.split('\n') : [text]) count += findGateLines(line, lines);
  if (count === 0) sink.passOther();
}

/**
 * Reads one line of a file: a line of a console, a row of JSON lines, or a part of a JSON file that could not be read
 * as a whole.
 */
export function readTextLine(text: string, origin: LineOrigin, sink: RowSink, result: QueryResult): void {
  if (!text.includes('certgate')) {
    sink.passOther();
    return;
  }
  // A row of JSON contains the gate's line as a text, so the row itself is not searched for gate lines.
  const row = text.startsWith('{"') && !text.startsWith('{"certgate"') ? parseObject(text) : undefined;
  if (row !== undefined && result.takeJsonLine(row)) return;
  if (row === undefined) result.takeText(text);
  if (row !== undefined) readValue(row, origin, sink);
  else if (findGateLines(text, sink.from(origin)) === 0) readJsonLine(text.trim(), origin, sink);
}

/**
 * Reads a line as a JSON value, as one member of an object, or as a row of CSV: the first of these that it can be
 * parsed as.
 */
function readJsonLine(text: string, origin: LineOrigin, sink: RowSink): void {
  const withoutComma = text.endsWith(',') ? text.slice(0, -1) : text;
  const value =
    parseJson(withoutComma) ?? (text.startsWith('"') ? parseObject(`{${withoutComma}}`) : undefined) ?? readCells(text);
  if (value !== undefined) readValue(value, origin, sink);
  else if (/\{\s*(?:\\"|"")certgate(?:\\"|"")\s*:/.test(text)) sink.passUnreadable();
  else sink.passOther();
}

/** The cells of a CSV row whose header is not in this line. Undefined if the line does not look like such a row. */
function readCells(text: string): readonly string[] | undefined {
  if (!text.startsWith('"') || !text.includes('""')) return undefined;
  return text.split(/(?<=(?:^|[^"])(?:"")*"),(?=")/).map((cell) => cell.slice(1, -1).replaceAll('""', '"'));
}

/**
 * Reads a parsed value. If it has a column of messages, that is read, otherwise each text in it with a line that begins
 * like a gate's line.
 */
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

/**
 * The texts in nested arrays, such as the rows of a table. Other members of an object are left out: its keys are column
 * names, and none of them is that of a message.
 */
function listTexts(value: unknown, depth: number): readonly string[] {
  if (typeof value === 'string') return [value];
  if (depth > 3) return [];
  if (Array.isArray(value)) return value.flatMap((each) => listTexts(each, depth + 1));
  return isObject(value) ? listTexts(value['rows'] ?? value['records'] ?? [], depth + 1) : [];
}
