import { createUrlSource, readWithin, showTrustAddress } from '@certgate/core/internal';
import { ToolFailure } from '#local/tool-failure.js';
import type { StoredDocument, TrustLocation } from './trust-location.js';

const readTimeoutMilliseconds = 30_000;

/**
 * A trust document at a URL, which is read in the way apps read it. It can't be changed there, and there is no log of
 * changes.
 */
export function createUrlLocation(url: string): TrustLocation {
  const description = showTrustAddress({ kind: 'url', url });
  const refuse = (what: string): Promise<never> =>
    Promise.reject(
      new ToolFailure(`${what}: ${description} is a URL, which can only be read.`, {
        remedy: 'Pass the file or the blob of the document: --store trust.json or --store blob:https://…',
      }),
    );
  return {
    description,
    read: () => readDocument(url),
    write: () => refuse('The document is not written'),
    keepAside: () => refuse('The document is not kept'),
    appendLog: () => refuse('The change is not made'),
    readLog: () => refuse('There is no log of changes to read'),
  };
}

async function readDocument(url: string): Promise<StoredDocument> {
  try {
    const reading = await readWithin(readTimeoutMilliseconds, (signal) =>
      createUrlSource(url, {}).read({ lastVersion: undefined, signal, withSignature: true }),
    );
    if (!reading.changed) throw new Error('the server did not send a document');
    return { bytes: reading.bytes, etag: reading.version ?? '', signature: reading.signature?.trim() };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : 'unknown fault';
    throw new ToolFailure(`The trust document can't be read: ${reason}.`, { cause });
  }
}
