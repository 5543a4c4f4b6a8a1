import { createHash } from 'node:crypto';
import {
  anyAudience,
  readTrustDocumentWhole,
  TrustDocumentError,
  type TrustDocument,
  type TrustSnapshot,
} from '@certgate/core/internal';
import { ToolFailure } from '#local/tool-failure.js';
import { escapeControls } from '../../texts/safe-text.js';
import { formatToolCall } from '../../texts/tool-call.js';
import type { StoredDocument, TrustLocation } from './location/trust-location.js';

/** One stored version of a trust document: as its author wrote it, as an app reads it, and as bytes. */
export interface LoadedTrustDocument {
  readonly document: TrustDocument;
  readonly snapshot: TrustSnapshot;
  readonly text: string;
  readonly bytes: Uint8Array;
  /** SHA-256 of the bytes in lower-case hexadecimal. The log of changes identifies a document by it. */
  readonly documentSha256: string;
  readonly etag: string;
  readonly signature: string | undefined;
  /** How many other names (hard links) the document's file has. Absent if there are none. */
  readonly otherNames?: number;
}

export function missingDocument({ description }: Pick<TrustLocation, 'description'>): ToolFailure {
  return new ToolFailure(`There is no trust document at ${description}.`, {
    remedy: `Correct the location, or create one: ${formatToolCall(['trust', 'init', '--reason', 'REASON', '--store', description])}`,
  });
}

/** @throws {ToolFailure} if there is no document, or if it can't be read or isn't valid. */
export async function loadTrustDocument(location: TrustLocation): Promise<LoadedTrustDocument> {
  return parseStoredDocument(await readStoredDocument(location), location.description);
}

/** @throws {ToolFailure} if there is no document, or if it can't be read. */
export async function readStoredDocument(location: TrustLocation): Promise<StoredDocument> {
  const stored = await location.read();
  if (stored === undefined) throw missingDocument(location);
  return stored;
}

export function parseStoredDocument(stored: StoredDocument, description: string): LoadedTrustDocument {
  const text = decodeUtf8(stored.bytes, description);
  try {
    const { value, snapshot } = readTrustDocumentWhole(text, { audience: anyAudience });
    return {
      // A value that the strict reader accepted has this shape.
      document: value as TrustDocument,
      snapshot,
      text,
      bytes: stored.bytes,
      documentSha256: hashDocument(stored.bytes),
      etag: stored.etag,
      signature: stored.signature,
      ...(stored.otherNames !== undefined && { otherNames: stored.otherNames }),
    };
  } catch (fault) {
    throw explainInvalid(fault, description);
  }
}

export function hashDocument(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/**
 * Decodes strictly. A lenient decoder would replace broken bytes, so that the document would say something that nobody
 * wrote.
 */
function decodeUtf8(bytes: Uint8Array, description: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ToolFailure(`The trust document at ${description} is not UTF-8.`, {
      remedy: 'Save it again in that encoding.',
      cause,
    });
  }
}

function explainInvalid(fault: unknown, description: string): unknown {
  if (!(fault instanceof TrustDocumentError)) return fault;
  const more = fault.problems.length > 1 ? ` (and ${fault.problems.length - 1} more)` : '';
  return new ToolFailure(
    `The trust document at ${escapeControls(description)} is not valid: ${describeFirstProblem(fault)}${more}`,
    { remedy: `To see all problems: ${formatToolCall(['trust', 'check', '--store', description])}`, cause: fault },
  );
}

/** The place of the first problem and its message, with control characters escaped. */
export function describeFirstProblem({ problems: [first] }: TrustDocumentError): string {
  const place = first === undefined || first.path === '' ? '' : `${first.path}: `;
  return escapeControls(`${place}${first?.message ?? ''}`);
}
