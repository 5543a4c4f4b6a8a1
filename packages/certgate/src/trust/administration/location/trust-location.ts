// location/: the interface of a place where a trust document is stored, and the places for files and URLs.

import { createHash } from 'node:crypto';

/**
 * The environment variable that is used if there is no `--store`. Apps usually read their address from an app setting of
 * the same name, so that one text configures both.
 */
export const trustVariable = 'CERTGATE_TRUST';

/** One version of a stored trust document. */
export interface StoredDocument {
  readonly bytes: Uint8Array;
  /** Names this version. A write passes it on to say which version it replaces. */
  readonly etag: string;
  /**
   * The detached signature that is stored with the document, in base64. A file may contain two, one per line
   * (`splitSignatures`). Undefined if the document is not signed.
   */
  readonly signature: string | undefined;
  /**
   * How many other names (hard links) the document's file has: after a write they still have the old document. Absent
   * if there are none.
   */
  readonly otherNames?: number;
}

export interface NewDocument {
  readonly bytes: Uint8Array;
  readonly signature: string | undefined;
  /**
   * A signature that fits the replaced version. If document and signature are two files, both signatures are kept, so
   * that one of them fits if the writer is stopped between the two moves.
   */
  readonly previousSignature?: string | undefined;
}

/** Splits the stored signature text into its signatures, the newest first. */
export function splitSignatures(stored: string | undefined): readonly string[] {
  return (stored ?? '').split(/\r?\n/, 2).filter((line) => line !== '');
}

/** `conflict`: somebody else has written in the meantime, so the document was not replaced. */
export type WriteOutcome = 'written' | 'conflict';

/** A place where a trust document is stored and changed, with the log of its changes. */
export interface TrustLocation {
  /** Names the place in messages and reports, without query string, signature or key: e.g. `file:trust.json`. */
  readonly description: string;
  /**
   * The path of the JSON Schema for `$schema` of the document. Undefined if no schema is installed. Absent unless the
   * document is a file.
   */
  readonly findSchema?: () => string | undefined;
  /**
   * Reads the document. Undefined if there is none yet.
   *
   * @throws {ToolFailure} if the document can't be read.
   */
  read(): Promise<StoredDocument | undefined>;
  /**
   * Reads an earlier version that the storage kept. Undefined if there is no version of this name. Absent for files and
   * URLs, which keep no versions.
   */
  readonly readVersion?: (versionId: string) => Promise<StoredDocument | undefined>;
  /**
   * Replaces the version that `etag` names, completely or not at all. If `etag` is undefined, it writes only if there
   * is still no document.
   */
  write(content: NewDocument, etag: string | undefined): Promise<WriteOutcome>;
  /**
   * Stores a copy of a document that is about to be replaced, and of its signature, under another name. Returns the
   * copy's place for messages.
   */
  keepAside(stored: StoredDocument): Promise<string>;
  /** Adds one line (JSON, without the line end) at the end of the log of changes. */
  appendLog(line: string): Promise<void>;
  /** The lines of the log, oldest first; empty if there is no log. */
  readLog(): Promise<readonly string[]>;
}

/**
 * The ending of the name under which a document is kept aside that could not be used and is replaced. It depends on the
 * document's bytes and its signature.
 */
export function nameAside({ bytes, signature = '' }: StoredDocument): string {
  // The hash begins with the length, so that the same bytes, divided differently into document and signature, get
  // another name.
  const hash = createHash('sha256').update(`${bytes.length}\n`).update(bytes).update(signature);
  return `.damaged-${hash.digest('hex').slice(0, 16)}`;
}

/** The maximum size of a document in bytes. A running app reads no more (`maximumDocumentLength` of core). */
export const maximumDocumentBytes: number = 64 * 1024 * 1024;

/** The maximum size of a log in bytes: room for some hundred thousand changes. */
export const maximumLogBytes: number = 512 * 1024 * 1024;

/**
 * The maximum size of the sentences in one line of the log, in bytes. A person who changes every identity needn't read
 * a sentence about each.
 */
export const maximumLogSentencesBytes: number = 512 * 1024;

/** The maximum size of a line in bytes. It fits into one append to a blob in every version of the service. */
export const maximumLogLineBytes: number = 4 * 1024 * 1024 - 1024;

/** The lines of a log as text, without empty ones. Bytes that are not UTF-8 stay visible as U+FFFD. */
export function splitLogLines(bytes: Uint8Array): readonly string[] {
  return new TextDecoder()
    .decode(bytes)
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '');
}
