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

/** A file younger than this may change again within the same tick of its time stamp: it is read once more. */
const settledAfterMilliseconds = 2_000;

const maximumSignatureLength = 4096;

/**
 * A trust document in a file, its signature in another beside it. A relative path resolves from the app's root, which the
 * worker makes its working directory before it loads the app.
 */
export function createFileSource(path: string | undefined): TrustSource {
  // Once: where the app goes later (process.chdir), to a folder for uploads say, another file may lie under this name.
  const file = path === undefined || path.trim() === '' ? undefined : resolve(path);
  return {
    description: `file ${path ?? '(no path)'}`,
    configuration: `file ${file ?? ''}`,
    signatureDescription: `file ${path ?? '(no path)'}.sig`,
    read: async (request) => readDocumentFile(file, request),
  };
}

/** `file` is absolute. */
async function readDocumentFile(
  file: string | undefined,
  { lastVersion, signal, withSignature }: TrustReadRequest,
): Promise<TrustSourceReading> {
  if (file === undefined) {
    throw new TrustSourceMisuse('The trust file has no path; is the environment variable that names it set?');
  }
  // Looked at before they are read: what is written in between has another version, and is read again.
  const facts = [await statFile(file), ...(withSignature ? [await findSignatureFile(`${file}.sig`)] : [])];
  const version = nameVersion(facts);
  if (version !== undefined && version === lastVersion) return { changed: false };
  const bytes = await readFileCapped(file, maximumDocumentLength, signal, Number(facts[0]?.size ?? 0));
  if (facts[1] === undefined) return { changed: true, bytes, version };
  const signature = await readFileCapped(`${file}.sig`, maximumSignatureLength, signal);
  return { changed: true, bytes, version, signature: Buffer.from(signature).toString('latin1') };
}

/** Undefined while one of the files may change without another time stamp. */
function nameVersion(facts: readonly (BigIntStats | undefined)[]): string | undefined {
  const isSettled = facts.every(
    (each) => each === undefined || Date.now() - Number(each.mtimeMs) > settledAfterMilliseconds,
  );
  if (!isSettled) return undefined;
  return facts.map((each) => (each ? [each.ino, each.size, each.mtimeNs, each.ctimeNs].join(':') : 'none')).join(' ');
}

async function statFile(file: string): Promise<BigIntStats> {
  const facts = await promisify(stat)(file, { bigint: true });
  // A directory can't be read, and a pipe's writer may never come.
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

/** By the functions with callbacks: streams and `node:fs/promises` cost a cold start a tenth of all that it loads. */
async function* readChunks(file: string, limit: number, signal: AbortSignal): ByteStream {
  // One byte more than allowed tells the file that grew meanwhile from the one that is as large as it may be. One buffer for all
  // of them: who reads has copied what arrived before it asks for more.
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

/** Not by `promisify`: of a `read` that a tracer has wrapped, it would give something else. */
function readInto(buffer: Buffer, descriptor: number): Promise<number> {
  return new Promise((fulfill, reject) => {
    read(descriptor, buffer, 0, buffer.length, null, (error, count) => {
      if (error) reject(error);
      else fulfill(count);
    });
  });
}
