import { readFile } from 'node:fs/promises';
import { type FailureKind, messageOf, ToolFailure } from '#local/tool-failure.js';
import type { LogRecord, LogWindow, SourceReading } from '../../log/reading/log-record.js';
import { findStart, parseInstant, parseStart, type StartTime } from '../command-line/option-values.js';
import { printLine } from '../command-line/output.js';
import type { Options, Verb } from '../command-line/verb.js';

export interface LogFlags {
  readonly log?: readonly string[];
  readonly since?: StartTime;
  /** The end of the time, in milliseconds since 1970-01-01T00:00:00Z. */
  readonly until?: number;
  readonly printQuery?: boolean;
  /** The file of the option `--apps`. */
  readonly apps?: string;
}

export const logText =
  'log lines of one or more apps, plain or in an export; a folder: all files in it; - reads standard input (repeatable)';

/** The options that say where the lines come from, and the period to read. */
export const logOptions: Options = {
  '--log <file>': logText,
  '--since <time>': [
    'only lines from this time on: a number of days before the end, like 90d, or a time, like 2027-03-01T00:00:00Z',
    parseStart,
  ],
  '--until <time>': ['only lines up to this time (default: now)', parseInstant],
  '--print-query': [
    'print the KQL query for these lines of a Log Analytics workspace, whose result --log reads; takes --since',
    { conflicts: ['log'], isAlone: true },
  ],
};

/** The option of verbs that answer for all apps. */
export const appsOption: Options = {
  '--apps <file>': 'the names of the expected apps, one on each line: those without log lines are listed too',
};

/** Reads the file of `--apps`: the names of the expected apps, one on each line, as log lines name them. */
export async function readAppNames(file: string): Promise<readonly string[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new ToolFailure(`${file} can't be read: ${messageOf(cause)}.`, { cause });
  }
  const names = text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .map((line) => line.trim());
  const apps = [...new Set(names.filter((name) => name !== ''))];
  if (apps.length === 0) throw new ToolFailure(`${file} names no app.`, { remedy: 'Write one name on each line.' });
  return apps;
}

/**
 * The time that the options ask about. Without `--since`, `from` is undefined, because the time begins with the first
 * line, which has not been read yet.
 */
export function findLogWindow(
  { since, until }: LogFlags,
  now: number = Date.now(),
): LogWindow & { readonly until: number } {
  const end = until ?? now;
  if (since === undefined) return { from: undefined, until: end };
  const from = findStart(since, end);
  if (from < end) return { from, until: end };
  throw new ToolFailure('--since is not before the end.', { remedy: 'Give an earlier --since, or a later --until.' });
}

/**
 * The time of the lines to read. Without `--until` it has no end, so that lines of a clock that is ahead are read as
 * well.
 */
export function findLineWindow(flags: LogFlags): LogWindow {
  return { from: findLogWindow(flags).from, until: flags.until };
}

/**
 * Reads the lines that the options name.
 *
 * @throws {ToolFailure} for example if the options name no log, or if no line of it can be used.
 */
export async function readLogOptions(
  flags: LogFlags,
  use: (record: LogRecord) => void,
  emptyKind: FailureKind = 'unusable_input',
): Promise<readonly SourceReading[]> {
  const { log = [] } = flags;
  if (log.length === 0) {
    throw new ToolFailure('No log is given.', { remedy: 'Pass the logs of your apps with --log <file>.' });
  }
  const { readLog } = await import('../../log/reading/read-log.js');
  const { explainEmptyReading } = await import('../../log/reading/reading-text.js');
  const readings = await readLog(log, use, findLineWindow(flags));
  if (readings.every(({ records }) => records === 0)) throw explainEmptyReading(readings, emptyKind);
  return readings;
}

/** Wraps the work of a verb that reads a log. With `--print-query`, it prints the query instead. */
export function orPrintQuery(work: Verb['work']): Verb['work'] {
  return async () => {
    const run = (await work()) as (...words: readonly unknown[]) => Promise<void> | void;
    return async (...words: readonly unknown[]) => {
      const flags = words.find(asksForQuery);
      await (flags === undefined ? run(...words) : printQuery(flags));
    };
  };
}

function asksForQuery(word: unknown): word is LogFlags {
  return typeof word === 'object' && word !== null && 'printQuery' in word && word.printQuery === true;
}

/** @throws {ToolFailure} for example if the options name no start: a workspace may have lines of several years. */
async function printQuery(flags: LogFlags): Promise<void> {
  const { from, until } = findLogWindow(flags);
  if (from === undefined) {
    throw new ToolFailure('--since is missing, so the start of the query is unknown.', {
      remedy: 'Pass --since, such as --since 90d.',
    });
  }
  const { writeLinesQuery } = await import('../../log/reading/query-result.js');
  printLine(writeLinesQuery({ from, until }));
}
