import type {
  DecisionLogLine,
  ExpiryLogLine,
  RenewalLogLine,
  RevocationLogLine,
  StartLogLine,
  StatusLogLine,
  SuppressedLogLine,
  TrustLogLine,
} from '@certgate/core/internal';

/** Every line that a gate writes, told apart by `event`. */
export type GateLine =
  | DecisionLogLine
  | StatusLogLine
  | SuppressedLogLine
  | StartLogLine
  | TrustLogLine
  | ExpiryLogLine
  | RenewalLogLine
  | RevocationLogLine;

/** A line whose members have the types of its event, and where it comes from. The texts in it are foreign. */
export interface LogRecord {
  readonly line: GateLine;
  /** The line's own time, in milliseconds since 1970-01-01T00:00:00Z. */
  readonly time: number;
  /** As the export names the app that wrote the line; else the name of the file without its extension. */
  readonly app: string;
  /** As the export names it; undefined: what carries the line doesn't say which instance wrote it. */
  readonly instance: string | undefined;
  /** How many lines this one stands for, by the sampling of Application Insights; undefined: nothing tells. */
  readonly itemCount: number | undefined;
}

/** What became of the lines of one file or query. Lines that are not in `records` are in exactly one of the other counts. */
export interface SourceReading {
  /** A file as it was given, `standard input`, or the workspace. */
  readonly name: string;
  /** Lines of text. */
  readonly lines: number;
  /** Lines of Certgate that were used. */
  readonly records: number;
  /** Without a line of Certgate in them. */
  readonly others: number;
  readonly unreadable: number;
  readonly otherVersions: number;
  readonly otherEvents: number;
  readonly malformed: number;
  /** Used once. */
  readonly repeated: number;
  /** Among `records`: earlier than a record before. */
  readonly outOfOrder: number;
  /** Among `records`: with keys that this version doesn't know. They are passed over. */
  readonly withUnknownKeys: number;
  /** The first ten of those keys. */
  readonly unknownKeys: readonly string[];
  /** Of `records`, in milliseconds; undefined: there are none. */
  readonly first: number | undefined;
  readonly last: number | undefined;
}
