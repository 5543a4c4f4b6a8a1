import type { IncomingMessage } from 'node:http';

/** The real host's limit (`DefaultMaxRequestBodySize`), 100 MiB. */
export const maximumBodyBytes = 104_857_600;

/** The whole body, or `too-large`. Rejects when the client goes away before its end. */
export async function readRequestBody(request: IncomingMessage): Promise<Buffer | 'too-large'> {
  if (declaredLength(request) > maximumBodyBytes) return 'too-large';
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maximumBodyBytes) return 'too-large';
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

/** From `Content-Length`, zero without one: what a chunked request declares. */
export function declaredLength(request: IncomingMessage): number {
  const length = Number(request.headers['content-length'] ?? 0);
  return Number.isSafeInteger(length) ? length : 0;
}

export function hasBody(request: IncomingMessage): boolean {
  return declaredLength(request) > 0 || request.headers['transfer-encoding'] !== undefined;
}
