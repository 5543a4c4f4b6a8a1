import { InvalidArgumentError } from 'commander';
import { ToolFailure } from '../../faults/tool-failure.js';
import type { LogRecord, LogWindow, SourceReading } from '../../log/reading/log-record.js';
import type { LogSource } from '../../log/reading/read-log.js';
import { findStart, parseInstant, parseStart, type StartTime } from '../command-line/option-values.js';
import { printLine } from '../command-line/output.js';
import type { Options, Verb } from '../command-line/verb.js';

export interface LogFlags {
  readonly log?: readonly string[];
  readonly since?: StartTime;
  /** In milliseconds. */
  readonly until?: number;
  /** The ID of a Log Analytics workspace. */
  readonly workspace?: string;
  readonly printQuery?: boolean;
}

export const logText =
  'log lines of one or more apps, plain or in an export; a folder: all files in it; - reads standard input (repeatable)';

/** Where the lines come from: on every verb that answers from the log. */
export const logOptions: Options = {
  '--log <file>': logText,
  '--since <time>': [
    'only lines from this time on: a number of days before the end, like 90d, or a time, like 2027-03-01T00:00:00Z',
    parseStart,
  ],
  '--until <time>': ['only lines up to this time (default: now)', parseInstant],
  '--workspace <id>': [
    "instead of files: the Log Analytics workspace of your apps' Application Insights, by its ID; needs --since",
    { parse: parseWorkspace, conflicts: ['log'] },
  ],
  '--print-query': ['print the query that --workspace runs, and run nothing', { conflicts: ['log'] }],
};

/** Of verbs that answer for all apps. */
export const appsOption: Options = {
  '--apps <file>': 'the names of the expected apps, one on each line: those without log lines are listed too',
};

/** Its ID is a GUID; queries by its name fail with a message about a path. */
function parseWorkspace(text: string): string {
  if (/^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text)) return text.toLowerCase();
  throw new InvalidArgumentError(
    'It must be the ID of a workspace, a GUID: az monitor log-analytics workspace show --query customerId …',
  );
}

/** What the options ask about. Without `--since`, it begins with the first line, which is not known before. */
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

/** Of lines: without `--until`, those of a clock that is ahead are read as well. */
export function findLineWindow(flags: LogFlags): LogWindow {
  return { from: findLogWindow(flags).from, until: flags.until };
}

export function isLogGiven({ log = [], workspace }: LogFlags): boolean {
  return log.length > 0 || workspace !== undefined;
}

/** @throws {ToolFailure} where the options name no log. */
export async function openLogOptions(flags: LogFlags): Promise<readonly LogSource[]> {
  const { log = [], workspace } = flags;
  if (workspace !== undefined) {
    const { openWorkspace } = await import('../../log/workspace/read-workspace.js');
    return [openWorkspace(workspace, findQuerySpan(flags))];
  }
  if (log.length === 0) {
    throw new ToolFailure('No log is given.', {
      remedy: 'Pass the logs of your apps with --log <file>, or their workspace with --workspace <id>.',
    });
  }
  const { openLogFiles } = await import('../../log/reading/read-log.js');
  return openLogFiles(log);
}

/**
 * Reads the lines that the options name.
 *
 * @throws {ToolFailure} where they name none, or nothing that they name has a line that can be used.
 */
export async function readLogOptions(
  flags: LogFlags,
  use: (record: LogRecord) => void,
): Promise<readonly SourceReading[]> {
  const { readRecords } = await import('../../log/reading/read-log.js');
  const { explainEmptyReading } = await import('../../log/reading/reading-text.js');
  const readings = await readRecords(await openLogOptions(flags), use, findLineWindow(flags));
  if (readings.every(({ records }) => records === 0)) throw explainEmptyReading(readings);
  return readings;
}

/** @throws {ToolFailure} where the options name no beginning: a workspace has lines of years. */
function findQuerySpan(flags: LogFlags): { readonly from: number; readonly until: number } {
  const { from, until } = findLogWindow(flags);
  if (from !== undefined) return { from, until };
  throw new ToolFailure('--since is missing, so the start of the time to read from the workspace is unknown.', {
    remedy: 'Pass --since, such as --since 90d.',
  });
}

/** The work of a verb that reads a log; with `--print-query`, it prints the query in place of that. */
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

async function printQuery(flags: LogFlags): Promise<void> {
  const { widen, writeLinesQuery } = await import('../../log/workspace/workspace-query.js');
  printLine(writeLinesQuery(widen(findQuerySpan(flags))));
}
