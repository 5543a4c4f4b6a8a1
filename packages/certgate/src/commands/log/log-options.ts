import { ToolFailure } from '../../faults/tool-failure.js';
import type { LogRecord, LogWindow, SourceReading } from '../../log/reading/log-record.js';
import type { LogSource } from '../../log/reading/read-log.js';
import { parseInstant } from '../command-line/option-values.js';
import type { Options } from '../command-line/verb.js';

export interface LogFlags {
  readonly log?: readonly string[];
  /** A number of days before the end of the window, or an instant in milliseconds. */
  readonly since?: LogStart;
  /** In milliseconds. */
  readonly until?: number;
}

type LogStart = { readonly days: number } | { readonly instant: number };

export const logText =
  'lines of the log of one app or of many, as they are or as an export has them; a folder: all files in it; - reads standard input (repeatable)';

/** Where the lines come from: on every verb that answers from the log. */
export const logOptions: Options = {
  '--log <file>': logText,
  '--since <time>': [
    'only lines from this time on: a number of days before the end, like 90d, or a time, like 2027-03-01T00:00:00Z',
    parseStart,
  ],
  '--until <time>': ['only lines up to this time (default: now)', parseInstant],
};

function parseStart(text: string): LogStart {
  const days = Number(/^(\d{1,5})d$/.exec(text)?.[1] ?? Number.NaN);
  return Number.isNaN(days) ? { instant: parseInstant(text) } : { days };
}

/** What the options ask about. Without `--since`, it begins with the first line, which is not known before. */
export function findLogWindow(
  { since, until }: LogFlags,
  now: number = Date.now(),
): LogWindow & { readonly until: number } {
  const end = until ?? now;
  if (since === undefined) return { from: undefined, until: end };
  const from = 'days' in since ? end - since.days * 86_400_000 : since.instant;
  if (from < end) return { from, until: end };
  throw new ToolFailure('--since is not before the end.', { remedy: 'Give an earlier --since, or a later --until.' });
}

/** Of lines: without `--until`, those of a clock that is ahead are read as well. */
export function findLineWindow(flags: LogFlags): LogWindow {
  return { from: findLogWindow(flags).from, until: flags.until };
}

export function isLogGiven({ log = [] }: LogFlags): boolean {
  return log.length > 0;
}

/** @throws {ToolFailure} where the options name no log. */
export async function openLogOptions({ log = [] }: LogFlags): Promise<readonly LogSource[]> {
  if (log.length === 0) {
    throw new ToolFailure('No log is given.', { remedy: 'Pass the logs of your apps with --log <file>.' });
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
