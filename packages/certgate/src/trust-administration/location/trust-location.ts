/** One version of a stored trust document. */
export interface StoredDocument {
  readonly bytes: Uint8Array;
  /** Names this version; a write gives it back to say what it replaces. */
  readonly etag: string;
  /** The detached signature that is stored with it: base64, one line. */
  readonly signature: string | undefined;
}

/** Where a write is refused because somebody else has written meanwhile, nothing is changed. */
export type WriteOutcome = 'written' | 'conflict';

/** A place that a trust document is kept at and changed in, with the log of its changes beside it. */
export interface TrustLocation {
  /** For messages and reports, without query string, signature or key: e.g. `file:trust.json`. */
  readonly description: string;
  /** Undefined: there is no document yet. @throws {CommandFailure} when it can't be read. */
  read(): Promise<StoredDocument | undefined>;
  /** Replaces the version named by `etag` (undefined: there must be none yet), whole or not at all. */
  write(content: Omit<StoredDocument, 'etag'>, etag: string | undefined): Promise<WriteOutcome>;
  /** Adds one line (JSON, without the line end) to the log of changes, after all that are there. */
  appendLog(line: string): Promise<void>;
  /** The lines of the log, oldest first; empty where there is none. */
  readLog(): Promise<readonly string[]>;
}

/** What a running app reads at most (`maximumDocumentLength` of core). */
export const maximumDocumentBytes: number = 64 * 1024 * 1024;

/** Some hundred thousand changes. */
export const maximumLogBytes: number = 512 * 1024 * 1024;

/** Of the sentences in one line of the log: who switches everybody needn't read of each. */
export const maximumLogSentencesBytes: number = 512 * 1024;

/** What one append to a blob holds in every version of the service. */
export const maximumLogLineBytes: number = 4 * 1024 * 1024 - 1024;

/** The lines of a log as text, without empty ones. Bytes that are no UTF-8 stay visible as U+FFFD. */
export function splitLogLines(bytes: Uint8Array): readonly string[] {
  return new TextDecoder()
    .decode(bytes)
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '');
}
