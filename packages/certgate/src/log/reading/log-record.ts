import {
  type DecisionLogLine,
  type ExpiryLogLine,
  type RenewalLogLine,
  type RevocationLogLine,
  type StartLogLine,
  type StatusLogLine,
  type SuppressedLogLine,
  type TrustLogLine,
  lockSetting,
} from '@certgate/core/internal';

/**
 * Every kind of line that a gate writes, distinguished by `event`. A newer gate may write codes that this version
 * doesn't know.
 */
export type GateLine =
  | DecisionLogLine
  | StatusLogLine
  | SuppressedLogLine
  | StartLogLine
  | TrustLogLine
  | ExpiryLogLine
  | RenewalLogLine
  | RevocationLogLine;

/** The origin of a line: its app, its instance, and what it says about sampling. */
export interface LineOrigin {
  /** The name of the app that wrote the line, as the export has it, or else a name made from the file's name. */
  readonly app: string;
  /**
   * The name of the instance that wrote the line, as the export has it. Undefined if the log or export doesn't name it.
   */
  readonly instance: string | undefined;
  /**
   * How many lines this one represents after sampling by Application Insights. Undefined if the log or export has no
   * valid number.
   */
  readonly itemCount: number | undefined;
}

/**
 * A line whose members have the types of its event: numbers are finite, times can be parsed, and lists have valid
 * entries. Its texts may be chosen by others, and so may the keys of `denials` and `identities`.
 */
export interface LogRecord extends LineOrigin {
  readonly line: GateLine;
  /** The line's own time, in milliseconds since 1970-01-01T00:00:00Z. */
  readonly time: number;
}

/**
 * What became of the lines of one file. Each line is either in `records` or in exactly one of the counts from `others`
 * to `outside`. A row of an export is one line, but if its message contains several gate lines, each of them is one.
 * The same is true of a line of text. The row with a query's number of rows is not a line.
 */
export interface SourceReading {
  /** The file as the user named it, or `standard input`. */
  readonly name: string;
  readonly lines: number;
  /** The number of gate lines that were used. */
  readonly records: number;
  /** The number of lines that contain no gate line. */
  readonly others: number;
  /**
   * The number of gate lines that are not a whole JSON object, of lines that contain a gate line in a form that can't
   * be read, and of rows that are not valid CSV.
   */
  readonly unreadable: number;
  /**
   * The number of gate lines that are not a whole JSON object in the last line of a plain file that has no line end:
   * the file may still be being written.
   */
  readonly unfinished: number;
  /** The number of lines that are longer than any gate line. It is not known what they contain. */
  readonly tooLong: number;
  readonly otherVersions: number;
  readonly otherEvents: number;
  /** The number of gate lines that lack a member of their event, or have one with a wrong value. */
  readonly malformed: number;
  /** The number of lines that were left out because the same line came before, in this source or another. */
  readonly repeated: number;
  /** The number of lines that were left out because another line has or counts the outcome of the same request. */
  readonly replaced: number;
  /** The number of lines outside the time that was asked for. */
  readonly outside: number;
  /**
   * How many lines, among the `records` and the admissions that another line took back, may be repetitions, because
   * there were too many earlier lines to compare them with all.
   */
  readonly uncompared: number;
  /**
   * How many of the `records` are refusals of requests that were admitted first, but whose admission was not found near
   * them. If the admission is elsewhere in the log, that is among the `records` too.
   */
  readonly admissionUnfound: number;
  /**
   * How many lines, among the `records` and the admissions that another line took back, have an earlier time than one
   * before them.
   */
  readonly outOfOrder: number;
  /**
   * How many lines have keys that this version doesn't know, among the `records` and the admissions that a later line
   * took back. The keys are ignored.
   */
  readonly withUnknownKeys: number;
  /** The first ten keys that this version doesn't know. */
  readonly unknownKeys: readonly string[];
  /** Why lines of the source may be missing, one sentence for each reason. */
  readonly gaps: readonly string[];
  /**
   * The earliest and the latest time of the `records` and of the admissions that another line took back, in the form of
   * RFC 3339. Null if there are none.
   */
  readonly first: string | null;
  readonly last: string | null;
}

/** The number of lines that are or may be gate lines, but could not be used because of their content or form. */
export function countUnused({ otherEvents, unfinished, ...reading }: SourceReading): number {
  return countLost(reading) + unfinished + otherEvents;
}

/**
 * Whether a line that matters may be missing between those that were used. One unfinished line is not missing between
 * them if there are records, because it comes after the last of them.
 */
export function mayHaveLostLines({ unfinished, last, ...reading }: SourceReading): boolean {
  return countLost(reading) > 0 || unfinished > (last === null ? 0 : 1);
}

type LostCounts = Pick<SourceReading, 'unreadable' | 'tooLong' | 'malformed' | 'otherVersions'>;

function countLost({ unreadable, tooLong, malformed, otherVersions }: LostCounts): number {
  return unreadable + tooLong + malformed + otherVersions;
}

/**
 * The time that is asked for, from `from` to `until` inclusive, in milliseconds since 1970-01-01T00:00:00Z. Undefined
 * if it has no beginning or no end.
 */
export interface LogWindow {
  readonly from: number | undefined;
  readonly until: number | undefined;
}

/**
 * Whether a line with the code `trust_locked` comes from the app setting and not from the document. Only the beginning
 * of `detail` is compared, because the reason for a document's lock may name the setting too.
 */
export function isLockedBySetting(detail: string): boolean {
  return detail.startsWith(`The environment variable ${lockSetting} is set`);
}
