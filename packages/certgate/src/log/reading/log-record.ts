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

/** Every line that a gate writes, told apart by `event`. A newer gate may write codes that this version doesn't know. */
export type GateLine =
  | DecisionLogLine
  | StatusLogLine
  | SuppressedLogLine
  | StartLogLine
  | TrustLogLine
  | ExpiryLogLine
  | RenewalLogLine
  | RevocationLogLine;

/** Where a line comes from. */
export interface LineOrigin {
  /** As the export names the app that wrote the line; else the name of the file without its extension. */
  readonly app: string;
  /** As the export names it; undefined: what carries the line doesn't say which instance wrote it. */
  readonly instance: string | undefined;
  /** How many lines this one stands for, by the sampling of Application Insights; undefined: nothing tells. */
  readonly itemCount: number | undefined;
}

/**
 * A line whose members have the types of its event: numbers are finite and not negative, times can be parsed, entries of
 * lists are whole. The texts in it are foreign, and so are the keys of `denials` and `identities`.
 */
export interface LogRecord extends LineOrigin {
  readonly line: GateLine;
  /** The line's own time, in milliseconds since 1970-01-01T00:00:00Z. */
  readonly time: number;
}

/**
 * What became of the lines of one file. Lines that are not in `records` are in exactly one of the counts up to
 * `outside`. A row of an export is a line; of a message or a line that has several lines of gates, each of them is.
 */
export interface SourceReading {
  /** A file as it was given, or `standard input`. */
  readonly name: string;
  readonly lines: number;
  /** Lines of Certgate that were used. */
  readonly records: number;
  /** Without a line of Certgate in them. */
  readonly others: number;
  /** With the beginning of a line of Certgate that is no whole JSON object. */
  readonly unreadable: number;
  /** The same in the last line of a plain file, without a line end: the file may be being written. */
  readonly unfinished: number;
  /** Longer than any line of a gate; what they are is not known. */
  readonly tooLong: number;
  readonly otherVersions: number;
  readonly otherEvents: number;
  /** With members of other types than their event has. */
  readonly malformed: number;
  /** Left out, since the same line came before in this source or another. */
  readonly repeated: number;
  /** Left out, since another line has the outcome of the same request. */
  readonly replaced: number;
  /** Of a time that was not asked for. */
  readonly outside: number;
  /** Among `records`: not looked for among the lines before, of which there were too many to know them all. */
  readonly uncompared: number;
  /**
   * Among `records`: refusals of admitted requests, whose admission was not found near them. If it is in the log, it is
   * counted too.
   */
  readonly admissionUnfound: number;
  /** Among `records`: earlier than a record before. */
  readonly outOfOrder: number;
  /** Among `records`: with keys that this version doesn't know. They are passed over. */
  readonly withUnknownKeys: number;
  /** The first ten of those keys. */
  readonly unknownKeys: readonly string[];
  /** Why lines that the source has may not be among these: one sentence each. */
  readonly gaps: readonly string[];
  /** The times of the first and the last of `records`, in RFC 3339; null: there are none. */
  readonly first: string | null;
  readonly last: string | null;
}

/** How many lines of Certgate were not used because of what they are. */
export function countUnused({ otherEvents, unfinished, ...reading }: SourceReading): number {
  return countLost(reading) + unfinished + otherEvents;
}

/** Whether a line that matters may be missing among those that were used: an unfinished one comes after the last of them. */
export function mayHaveLostLines({ unfinished, last, ...reading }: SourceReading): boolean {
  return countLost(reading) > 0 || unfinished > (last === null ? 0 : 1);
}

type LostCounts = Pick<SourceReading, 'unreadable' | 'tooLong' | 'malformed' | 'otherVersions'>;

function countLost({ unreadable, tooLong, malformed, otherVersions }: LostCounts): number {
  return unreadable + tooLong + malformed + otherVersions;
}

/** The times that are asked for, in milliseconds; undefined: all of them. */
export interface LogWindow {
  readonly from: number | undefined;
  readonly until: number | undefined;
}

/** Of a line with the code `trust_locked`: nobody is admitted by the app setting, not by the document, whose reason for a lock may name the setting too. */
export function isLockedBySetting(detail: string): boolean {
  return detail.startsWith(`The environment variable ${lockSetting} is set`);
}
