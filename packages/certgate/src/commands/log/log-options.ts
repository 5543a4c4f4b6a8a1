import { readLog } from '../../log/reading/read-log.js';
import type { LogRecord, SourceReading } from '../../log/reading/log-record.js';
import type { Options } from '../command-line/verb.js';

export interface LogFlags {
  readonly log?: readonly string[];
}

/** Where the lines come from: on every verb that answers from the log. */
export const logOptions: Options = {
  '--log <file>':
    'lines of the log of one app or of many, as they are or as an export has them; - reads standard input (repeatable)',
};

/** Reads the lines that the options name. */
export async function readLogOptions(
  { log = [] }: LogFlags,
  use: (record: LogRecord) => void,
): Promise<readonly SourceReading[]> {
  return readLog(log, use);
}
