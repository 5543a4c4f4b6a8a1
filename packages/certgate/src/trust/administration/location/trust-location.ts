// location/: where a trust document is stored, as one interface, and the one for files.

import { createHash } from 'node:crypto';

/** The variable of `--store`, by the name of the app setting that an app reads: one text says it to both. */
export const trustVariable = 'CERTGATE_TRUST';

/** One version of a stored trust document. */
export interface StoredDocument {
  readonly bytes: Uint8Array;
  /** Names this version; a write gives it back to say what it replaces. */
  readonly etag: string;
  /** The detached signature that is stored with it: base64. In a file perhaps two, in a line each (`splitSignatures`). */
  readonly signature: string | undefined;
  /** How many other names its file has (hard links): a write leaves them the old document. Absent: none. */
  readonly otherNames?: number;
}

export interface NewDocument {
  readonly bytes: Uint8Array;
  readonly signature: string | undefined;
  /**
   * One that fits the version which is replaced. Where document and signature are two files, both signatures are kept, so
   * that one fits whichever document is there when a writer is stopped between the two.
   */
  readonly previousSignature?: string | undefined;
}

/** What is stored as the signature → the signatures, the newest first. */
export function splitSignatures(stored: string | undefined): readonly string[] {
  return (stored ?? '').split(/\r?\n/, 2).filter((line) => line !== '');
}

/** Where a write is refused because somebody else has written meanwhile, nothing is changed. */
export type WriteOutcome = 'written' | 'conflict';

/** A place that a trust document is kept at and changed in, with the log of its changes beside it. */
export interface TrustLocation {
  /** For messages and reports, without query string, signature or key: e.g. `file:trust.json`. */
  readonly description: string;
  /** Where editors find the JSON Schema, as `$schema` says it. Only where a document lies beside an installed one. */
  readonly findSchema?: () => string | undefined;
  /** Undefined: there is no document yet. @throws {ToolFailure} when it can't be read. */
  read(): Promise<StoredDocument | undefined>;
  /**
   * An earlier version, which the storage has kept under a name of its own; undefined: there is none of this name. Only where
   * the storage can do so.
   */
  readonly readVersion?: (versionId: string) => Promise<StoredDocument | undefined>;
  /** Replaces the version named by `etag` (undefined: there must be none yet), whole or not at all. */
  write(content: NewDocument, etag: string | undefined): Promise<WriteOutcome>;
  /** Keeps a document that is about to be replaced beside it, under a name of its own, with its signature. Says where. */
  keepAside(stored: StoredDocument): Promise<string>;
  /** Adds one line (JSON, without the line end) to the log of changes, after all that are there. */
  appendLog(line: string): Promise<void>;
  /** The lines of the log, oldest first; empty where there is none. */
  readLog(): Promise<readonly string[]>;
}

/** What a document that can't be read is kept as, behind the document's own name: by its bytes and its signature. */
export function nameAside({ bytes, signature = '' }: StoredDocument): string {
  // With the length, no other division into bytes and signature has the same name.
  const hash = createHash('sha256').update(`${bytes.length}\n`).update(bytes).update(signature);
  return `.damaged-${hash.digest('hex').slice(0, 16)}`;
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
