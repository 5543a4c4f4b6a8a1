import { createHash, hash } from 'node:crypto';
import { runInSlices, type Steps } from '@certgate/x509/internal';
import { TrustDocumentError } from '../trust-document/document-error.js';
import { TrustDocumentRefusal } from './trust-source.js';

/** Less than a millisecond of work each. */
const sliceLength = 256 * 1024;

/** Names a content: two documents of the same digest are the same document. Upper-case hexadecimal. */
export async function digestSha256(bytes: Uint8Array): Promise<string> {
  if (bytes.length <= sliceLength) return hash('sha256', bytes, 'hex').toUpperCase();
  const digest = createHash('sha256');
  await runInSlices(visitSlices(bytes, (slice) => digest.update(slice)));
  return digest.digest('hex').toUpperCase();
}

/**
 * Strictly: a lenient decoder would replace broken bytes, and the document would say something that nobody wrote. A byte
 * order mark is left where it is, for the parser.
 *
 * @throws {TrustDocumentError} when it is not UTF-8.
 */
export async function decodeUtf8(bytes: Uint8Array): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const parts: string[] = [];
  try {
    await runInSlices(visitSlices(bytes, (slice) => parts.push(decoder.decode(slice, { stream: true }))));
    parts.push(decoder.decode());
  } catch {
    throw new TrustDocumentError([{ path: '', message: 'it is not UTF-8; save it again in that encoding' }]);
  }
  return parts.join('');
}

function* visitSlices(bytes: Uint8Array, visit: (slice: Uint8Array) => unknown): Steps<void> {
  for (let start = 0; start < bytes.length; start += sliceLength) {
    visit(bytes.subarray(start, start + sliceLength));
    yield;
  }
}

/** Read from one place: a stream of a file, a response or a blob. */
export type ByteStream = AsyncIterable<Uint8Array | string>;

/**
 * Collects a stream whose end may never come: it stops, and lets go of the stream, at the first byte beyond `limit`.
 *
 * @throws {TrustDocumentRefusal} when there are more bytes than `limit`; {Error} when there are not as many as
 * `expectedLength` says.
 */
export async function readCappedBody(
  stream: ByteStream,
  limit: number,
  expectedLength: number | undefined,
): Promise<Uint8Array> {
  if (expectedLength !== undefined && expectedLength > limit) throw new TrustDocumentRefusal(describeExcess(limit));
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk, 'utf8') : chunk;
    length += bytes.length;
    if (length > limit) throw new TrustDocumentRefusal(describeExcess(limit));
    chunks.push(bytes);
  }
  if (expectedLength !== undefined && length !== expectedLength) {
    throw new Error(`it was cut short: ${length} bytes came of ${expectedLength}`);
  }
  return Buffer.concat(chunks, length);
}

function describeExcess(limit: number): string {
  return `it is larger than ${limit} bytes`;
}
