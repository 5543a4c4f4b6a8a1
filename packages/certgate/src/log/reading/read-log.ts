// log/: what the gates of apps wrote into their logs, and how far it can be trusted
// reading/: the lines of gates in files and exports, with what can't be read counted
import { createReadStream } from 'node:fs';
import { basename, extname } from 'node:path';
import { findInstant } from '@certgate/core/internal';
import { ToolFailure } from '../../faults/tool-failure.js';
import type { GateLine, LogRecord, SourceReading } from './log-record.js';

/** A file's path, or `-` for standard input. */
export type LogFile = string;

/** Reads line by line, and calls `use` for each record, in the order of the files. */
export async function readLog(
  files: readonly LogFile[],
  use: (record: LogRecord) => void,
): Promise<readonly SourceReading[]> {
  const readings: SourceReading[] = [];
  for (const file of files) readings.push(await readFile(file, use));
  return readings;
}

type Counts = { -readonly [Key in keyof SourceReading]: SourceReading[Key] };

async function readFile(file: LogFile, use: (record: LogRecord) => void): Promise<SourceReading> {
  const name = file === '-' ? 'standard input' : file;
  const app = file === '-' ? name : basename(file, extname(file));
  const counts: Counts = {
    ...{ name, lines: 0, records: 0, others: 0, unreadable: 0, otherVersions: 0, otherEvents: 0, malformed: 0 },
    ...{ repeated: 0, outOfOrder: 0, withUnknownKeys: 0, unknownKeys: [], first: undefined, last: undefined },
  };
  const stream = file === '-' ? process.stdin : createReadStream(file, { highWaterMark: 1_048_576 });
  stream.setEncoding('utf8');
  let rest = '';
  try {
    for await (const chunk of stream) {
      const lines = (rest + (chunk as string)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) readLine(line, app, counts, use);
    }
  } catch (cause) {
    throw new ToolFailure(`${name} can't be read: ${(cause as Error).message}`, { cause });
  }
  if (rest !== '') readLine(rest, app, counts, use);
  return counts;
}

function readLine(text: string, app: string, counts: Counts, use: (record: LogRecord) => void): void {
  counts.lines += 1;
  const start = text.indexOf('{"certgate":');
  if (start < 0) {
    counts.others += 1;
    return;
  }
  let line: GateLine;
  try {
    line = JSON.parse(text.slice(start)) as GateLine;
  } catch {
    counts.unreadable += 1;
    return;
  }
  const time = findInstant(line.time) ?? Date.parse(line.time);
  if (Number.isNaN(time)) {
    counts.malformed += 1;
    return;
  }
  counts.records += 1;
  if (counts.last !== undefined && time < counts.last) counts.outOfOrder += 1;
  counts.first = Math.min(counts.first ?? time, time);
  counts.last = Math.max(counts.last ?? time, time);
  use({ line, time, app, instance: undefined, itemCount: undefined });
}
