/** Read from one place: a stream of a file, a response or a blob. */
export type ByteStream = AsyncIterable<Uint8Array | string>;

/**
 * Collects a stream whose end may never come: it stops, and lets go of the stream, at the first byte beyond `limit`.
 *
 * @throws {Error} when there are more bytes than `limit`, or not as many as `expectedLength` says.
 */
export async function readCappedBody(
  stream: ByteStream,
  limit: number,
  expectedLength: number | undefined,
): Promise<Uint8Array> {
  if (expectedLength !== undefined && expectedLength > limit) throw new Error(describeExcess(limit));
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk, 'utf8') : chunk;
    length += bytes.length;
    if (length > limit) throw new Error(describeExcess(limit));
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
