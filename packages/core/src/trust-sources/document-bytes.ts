import { createHash } from 'node:crypto';
import { TrustDocumentError } from '../trust-document.js';

/** Some milliseconds of work each; between two slices the process answers requests. */
const sliceLength = 1024 * 1024;

/** Names a content: two documents of the same digest are the same document. */
export async function digestSha256(bytes: Uint8Array): Promise<string> {
  const hash = createHash('sha256');
  await visitSlices(bytes, (slice) => hash.update(slice));
  return hash.digest('hex');
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
    await visitSlices(bytes, (slice) => parts.push(decoder.decode(slice, { stream: true })));
    parts.push(decoder.decode());
  } catch {
    throw new TrustDocumentError([{ path: '', message: 'it is not UTF-8; save it again in that encoding' }]);
  }
  return parts.join('');
}

async function visitSlices(bytes: Uint8Array, visit: (slice: Uint8Array) => unknown): Promise<void> {
  for (let start = 0; start < bytes.length; start += sliceLength) {
    if (start > 0) await nextTurn();
    visit(bytes.subarray(start, start + sliceLength));
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
