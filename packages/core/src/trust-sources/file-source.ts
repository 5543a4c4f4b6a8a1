import { type BigIntStats, close, open, read, stat } from 'node:fs';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { maximumDocumentLength } from '../trust-document/document-error.js';
import { type ByteStream, readCappedBody } from './document-bytes.js';
import {
  type TrustReadRequest,
  type TrustSource,
  TrustSourceMisuse,
  type TrustSourceReading,
  rewordReadFault,
} from './trust-source.js';

/**
 * A file that was changed less than this long ago may change again without a new time stamp, so it is read once more.
 */
const settledAfterMilliseconds = 2_000;

const maximumSignatureLength = 4096;

/**
 * Reads a trust document from a file, and its signature from the file of the same name with `.sig`. A relative path
 * resolves from the app's root, which the worker makes its working directory before it loads the app.
 */
export function createFileSource(path: string | undefined): TrustSource {
  // Resolved once: after `process.chdir`, for example to a folder for uploads, the name could mean another file.
  const file = path === undefined || path.trim() === '' ? undefined : resolve(path);
  return {
    description: `file ${path ?? '(no path)'}`,
    configuration: `file ${file ?? ''}`,
    signatureDescription: `file ${path ?? '(no path)'}.sig`,
    read: async (request) => readDocumentFile(file, request),
  };
}

/** Reads the document if it changed. `file` is an absolute path. */
async function readDocumentFile(
  file: string | undefined,
  { lastVersion, signal, withSignature }: TrustReadRequest,
): Promise<TrustSourceReading> {
  if (file === undefined) {
    throw new TrustSourceMisuse('The trust file has no path; is the environment variable that names it set?');
  }
  // The files' facts are read before the files: if a file is written in between, its version is another one, and the
  // file is read again.
  const facts = [await statFile(file), ...(withSignature ? [await findSignatureFile(`${file}.sig`)] : [])];
  const version = nameVersion(facts);
  if (version !== undefined && version === lastVersion) return { changed: false };
  const bytes = await readFileCapped(file, maximumDocumentLength, signal, Number(facts[0]?.size ?? 0));
  if (facts[1] === undefined) return { changed: true, bytes, version };
  const signature = await readFileCapped(`${file}.sig`, maximumSignatureLength, signal);
  return { changed: true, bytes, version, signature: Buffer.from(signature).toString('latin1') };
}

/** A version made of the files' facts. Undefined while one of the files may still change without a new time stamp. */
function nameVersion(facts: readonly (BigIntStats | undefined)[]): string | undefined {
  const isSettled = facts.every(
    (each) => each === undefined || Date.now() - Number(each.mtimeMs) > settledAfterMilliseconds,
  );
  if (!isSettled) return undefined;
  return facts.map((each) => (each ? [each.ino, each.size, each.mtimeNs, each.ctimeNs].join(':') : 'none')).join(' ');
}

async function statFile(file: string): Promise<BigIntStats> {
  const facts = await promisify(stat)(file, { bigint: true });
  // A directory can't be read, and reading a pipe may never end.
  if (!facts.isFile()) throw new Error(`${file} is not a file`);
  return facts;
}

async function findSignatureFile(file: string): Promise<BigIntStats | undefined> {
  try {
    return await statFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function readFileCapped(
  file: string,
  limit: number,
  signal: AbortSignal,
  likelyLength?: number,
): Promise<Uint8Array> {
  try {
    return await readCappedBody(readChunks(file, limit, signal), limit, undefined, likelyLength);
  } catch (error) {
    throw error instanceof Error && !('code' in error) ? rewordReadFault(error, `${file}: ${error.message}`) : error;
  }
}

/**
 * Reads a file in chunks with the callback functions of `node:fs`: loading streams or `node:fs/promises` takes a tenth
 * of a cold start's loading time.
 */
async function* readChunks(file: string, limit: number, signal: AbortSignal): ByteStream {
  // One byte more than a small limit, so that one read shows that a file is too large. All chunks share this buffer:
  // the reader has copied a chunk before it asks for the next.
  const buffer = Buffer.allocUnsafeSlow(Math.min(limit + 1, 1024 * 1024));
  const descriptor = await promisify(open)(file, 'r');
  try {
    for (;;) {
      signal.throwIfAborted();
      const count = await readInto(buffer, descriptor);
      if (count === 0) return;
      yield buffer.subarray(0, count);
    }
  } finally {
    await promisify(close)(descriptor);
  }
}

/** Wrapped by hand: `promisify` would return another kind of result for a `read` that a tracer has wrapped. */
function readInto(buffer: Buffer, descriptor: number): Promise<number> {
  return new Promise((fulfill, reject) => {
    read(descriptor, buffer, 0, buffer.length, null, (error, count) => {
      if (error) reject(error);
      else fulfill(count);
    });
  });
}
