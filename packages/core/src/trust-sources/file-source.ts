import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { TrustDocumentError, maximumDocumentLength } from '../trust-document.js';
import { type TrustSource, type TrustSourceReading, TrustSourceMisuse } from './trust-source.js';

/** A file younger than this may change again within the same tick of its time stamp: it is read once more. */
const settledAfterMilliseconds = 2_000;

/**
 * A trust document in a file. A relative path resolves from the app's root, which the worker makes its working directory
 * before it loads the app.
 */
export function createFileSource(path: string | undefined): TrustSource {
  return {
    description: `file ${path ?? '(no path)'}`,
    configuration: `file ${path === undefined ? '' : resolve(path)}`,
    read: async (lastVersion, signal) => readDocumentFile(path, lastVersion, signal),
  };
}

async function readDocumentFile(
  path: string | undefined,
  lastVersion: string | undefined,
  signal: AbortSignal,
): Promise<TrustSourceReading> {
  if (path === undefined || path.trim() === '') {
    throw new TrustSourceMisuse('The trust file has no path; is the app setting that names it there?');
  }
  const file = resolve(path);
  const facts = await stat(file, { bigint: true });
  if (!facts.isFile()) throw new Error(`${file} is not a file`);
  if (facts.size > BigInt(maximumDocumentLength))
    throw new Error(`${file} is larger than ${maximumDocumentLength} bytes`);
  const isSettled = Date.now() - Number(facts.mtimeMs) > settledAfterMilliseconds;
  const version = isSettled ? [facts.ino, facts.size, facts.mtimeNs, facts.ctimeNs].join(':') : undefined;
  if (version !== undefined && version === lastVersion) return { changed: false };
  const bytes = await readFile(file, { signal });
  return { changed: true, text: decodeUtf8(bytes), version };
}

/** A lenient decoder would replace broken bytes, and the document would say something that nobody wrote. */
function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new TrustDocumentError([{ path: '', message: 'it is not UTF-8; save it again in that encoding' }]);
  }
}
