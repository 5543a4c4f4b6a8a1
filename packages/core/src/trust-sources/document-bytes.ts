import { createHash, hash } from 'node:crypto';
import { runInSlices, type Steps } from '@certgate/x509/internal';
import { TrustDocumentRefusal } from './trust-source.js';

/** In bytes. Hashing one slice takes less than a millisecond. */
const sliceLength = 256 * 1024;

/**
 * The SHA-256 of a document in upper-case hexadecimal. It identifies the content: documents with the same digest are
 * the same.
 */
export async function digestSha256(bytes: Uint8Array): Promise<string> {
  if (bytes.length <= sliceLength) return hash('sha256', bytes, 'hex').toUpperCase();
  const digest = createHash('sha256');
  await runInSlices(visitSlices(bytes, (slice) => digest.update(slice)));
  return digest.digest('hex').toUpperCase();
}

function* visitSlices(bytes: Uint8Array, visit: (slice: Uint8Array) => unknown): Steps<void> {
  for (let start = 0; start < bytes.length; start += sliceLength) {
    visit(bytes.subarray(start, start + sliceLength));
    yield;
  }
}

/** The bytes of a file, a response or a blob, as they are read. */
export type ByteStream = AsyncIterable<Uint8Array | string>;

/**
 * Collects a stream that may never end: at the first byte beyond `limit`, it stops and closes the stream. Every chunk
 * is copied into one buffer as it arrives, so that the chunks are not kept. `likelyLength` is a guess in bytes.
 *
 * @throws {TrustDocumentRefusal} if there are more bytes than `limit`; {Error} if their number differs from
 * `expectedLength`.
 */
export async function readCappedBody(
  stream: ByteStream,
  limit: number,
  expectedLength: number | undefined,
  likelyLength: number = expectedLength ?? 0,
): Promise<Uint8Array> {
  if (expectedLength !== undefined && expectedLength > limit) throw new TrustDocumentRefusal(describeExcess(limit));
  let room = Buffer.allocUnsafeSlow(Math.min(likelyLength, limit));
  let length = 0;
  for await (const chunk of stream) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk, 'utf8') : chunk;
    const end = length + bytes.length;
    if (end > limit) throw new TrustDocumentRefusal(describeExcess(limit));
    if (end > room.length) room = Buffer.concat([room.subarray(0, length)], Math.min(limit, Math.max(end, 2 * length)));
    room.set(bytes, length);
    length = end;
  }
  if (expectedLength !== undefined && length !== expectedLength) {
    throw new Error(`it was cut short: ${length} bytes came of ${expectedLength}`);
  }
  return room.subarray(0, length);
}

function describeExcess(limit: number): string {
  return `it is larger than ${limit} bytes`;
}
