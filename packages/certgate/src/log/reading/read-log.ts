// log/: what the gates of apps wrote into their logs, and how far it can be trusted
// reading/: finds the lines of gates in files and exports, and counts what can't be read
import { ToolFailure } from '#local/tool-failure.js';
import { CsvExport, findCsvHeader } from './csv-export.js';
import { type FileSink, readTextLine } from './export-rows.js';
import { readJsonExport } from './json-exports.js';
import { type LogFile, nameFile, readLogBytes } from './log-bytes.js';
import { listLogFiles, type NamedFile } from './log-files.js';
import type { LogRecord, LogWindow, SourceReading } from './log-record.js';
import { QueryResult } from './query-result.js';
import { RecordReader, type SourceReader } from './record-reader.js';
import { TextLines } from './text-lines.js';

/** A file to read lines from. */
export interface LogSource {
  readonly name: string;
  readonly read: (sink: FileSink) => Promise<void>;
}

/** Lists the given files, and the files in the given folders and below whose names don't begin with a dot. */
export async function openLogFiles(files: readonly LogFile[]): Promise<readonly LogSource[]> {
  const listed = await listLogFiles(files);
  return listed.map((file) => ({ name: nameFile(file.file), read: (sink) => readLogFile(file, sink) }));
}

/** Reads the files, and calls `use` for each record, in the order of the files. What can't be used is counted. */
export async function readLog(
  files: readonly LogFile[],
  use: (record: LogRecord) => void,
  window: LogWindow = { from: undefined, until: undefined },
): Promise<readonly SourceReading[]> {
  const records = new RecordReader(use, window);
  const readers: SourceReader[] = [];
  for (const { name, read } of await openLogFiles(files)) {
    const source = records.begin(name);
    await read(source);
    readers.push(source);
  }
  records.end();
  return readers.map((source) => source.finish());
}

/** Reads one file in the form that its first bytes show. */
async function readLogFile({ file, app }: NamedFile, sink: FileSink): Promise<void> {
  const result = new QueryResult();
  let form: FileForm | undefined;
  for await (const bytes of readLogBytes(file, sink.noteGap)) {
    form ??= chooseForm(bytes.toString('utf8', 0, 4096), { file, app }, sink, result);
    form.push(bytes);
  }
  form?.end();
  const gap = result.findGap();
  if (gap !== undefined) sink.noteGap(gap);
}

/** How a file is read. `push` must copy what it keeps, because the bytes may change afterwards. */
interface FileForm {
  readonly push: (bytes: Buffer) => void;
  readonly end: () => void;
}

function chooseForm(head: string, { file, app }: NamedFile, sink: FileSink, result: QueryResult): FileForm {
  const header = findCsvHeader(head.split('\n', 1)[0] ?? '');
  const origin = { app, instance: undefined, itemCount: undefined };
  const takeText = (text: string): void => {
    readTextLine(text, origin, sink, result);
  };
  if (header !== undefined) return readCsv(new CsvExport(header, app, sink, result), takeText, sink);
  const lines = new TextLines({ takeText, passTooLong: sink.passTooLong });
  return isWholeJson(head) ? readWhole({ file, app }, lines, sink, result) : readLines(lines, sink.beginUnended);
}

function readLines(lines: TextLines, beforeEnd?: () => void, afterEnd?: () => void): FileForm {
  return {
    push: (bytes) => {
      lines.push(bytes);
    },
    end: () => {
      beforeEnd?.();
      lines.end();
      afterEnd?.();
    },
  };
}

function readCsv(rows: CsvExport, takeOther: (text: string) => void, { passTooLong }: FileSink): FileForm {
  const takeText = (text: string): void => {
    if (!rows.takeText(text)) takeOther(text);
  };
  return readLines(new TextLines({ takeText, passTooLong }), undefined, () => {
    rows.end();
  });
}

/** In bytes. The query service of Azure answers with at most 100 MB. */
const maximumWholeLength = 128 * 1_048_576;

/** Reads the file as one JSON value. If it is cut short or is something else, it is read line by line instead. */
function readWhole({ file, app }: NamedFile, lines: TextLines, sink: FileSink, result: QueryResult): FileForm {
  const pieces: Buffer[] = [];
  let length = 0;
  return {
    push: (bytes) => {
      length += bytes.length;
      if (length > maximumWholeLength) throw tooLarge(file);
      pieces.push(Buffer.from(bytes));
    },
    end: () => {
      const whole = Buffer.concat(pieces);
      if (readJsonExport(whole.toString(), app, sink, result)) return;
      sink.noteGap('It begins as one JSON value, and is cut or damaged.');
      lines.push(whole);
      lines.end();
    },
  };
}

/**
 * Whether the file looks like one JSON value: an array of objects, an empty array, or the answer of the REST API. A `[`
 * does not suffice, because the Functions host begins lines of text with `[2026-…]`.
 */
function isWholeJson(head: string): boolean {
  return /^\s*(?:\[\s*(?:\{\s*"|$|\])|\{\s*"tables"\s*:)/i.test(head);
}

function tooLarge(file: LogFile): ToolFailure {
  const name = nameFile(file);
  return new ToolFailure(
    `${name} is one JSON array of more than 128 MiB, which would have to be held in memory as a whole.`,
    { remedy: 'Write one row on each line: jq --compact-output ".[]" FILE | certgate … --log -' },
  );
}
