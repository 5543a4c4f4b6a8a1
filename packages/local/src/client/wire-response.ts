import type { Readable } from 'node:stream';

export interface WireResponse {
  readonly status: number;
  /** The header fields in the order in which they arrived, with names in lower case. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** At most the first 64 KiB of the body, without its transfer coding. */
  readonly body: Buffer;
}

/** Thrown for bytes that are not an HTTP/1 answer. */
export class WireResponseError extends Error {
  readonly code: string = 'ERR_WIRE_RESPONSE';
}

const maximumHeadBytes = 65_536;
/** How many bytes of a body are kept. */
export const maximumBodyBytes = 65_536;
/** How many interim answers (RFC 9110 §15.2) may precede the final one. */
const maximumInterim = 10;

/**
 * Reads one HTTP/1 response from a connection that is closed afterwards. It is more lenient than a client should be,
 * because any other client might accept the answer. It reads no more than about 64 KiB of the body. Rejects if the
 * connection fails or ends before the head is complete, and with WireResponseError if a head is longer than 64 KiB, if
 * it is not HTTP/1, or if too many interim answers come.
 */
export async function readWireResponse(
  source: Readable,
  method: string,
  onHead: () => void = () => undefined,
): Promise<WireResponse> {
  return readNextResponse(source[Symbol.asyncIterator]() as AsyncIterator<Buffer, undefined>, method, onHead);
}

/** Reads one response from a connection on which more may follow. Otherwise like `readWireResponse`. */
export async function readNextResponse(
  chunks: AsyncIterator<Buffer, undefined>,
  method: string,
  onHead: () => void = () => undefined,
): Promise<WireResponse> {
  let bytes: Buffer = Buffer.alloc(0);
  let head: ReturnType<typeof parseHead>;
  let interim = 0;
  try {
    for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) {
      bytes = Buffer.concat([bytes, next.value]);
      while (head === undefined) {
        head = parseHead(bytes);
        if (head === undefined) break;
        bytes = bytes.subarray(head.length);
        // After status 101 the connection is no longer HTTP.
        if (head.status >= 200 || head.status === 101) {
          onHead();
          break;
        }
        head = undefined;
        if ((interim += 1) > maximumInterim) throw new WireResponseError('too many interim answers');
      }
      if (head === undefined) {
        if (bytes.length > maximumHeadBytes) throw new WireResponseError('its header section has no end');
      } else if (isComplete(head, bytes, method)) break;
    }
  } catch (fault) {
    // If the connection breaks within the body, the answer is used nevertheless, because its status decides.
    if (head === undefined) throw fault;
  }
  if (head === undefined) {
    if (bytes.length > 0) throw new WireResponseError('the connection ended within the header section');
    throw Object.assign(new Error('closed'), { code: 'closed' });
  }
  const { status, fields } = head;
  return Object.freeze({ status, fields, body: decodeBody(head, bytes).subarray(0, maximumBodyBytes) });
}

interface Head {
  readonly status: number;
  readonly fields: readonly (readonly [string, string])[];
  readonly length: number;
}

/** Undefined while the head is incomplete. */
function parseHead(bytes: Buffer): Head | undefined {
  if (bytes.length >= 5 && bytes.toString('latin1', 0, 5) !== 'HTTP/') throw new WireResponseError('it is not HTTP/1');
  const end = bytes.indexOf('\r\n\r\n');
  if (end === -1 || end > maximumHeadBytes) return undefined;
  const [statusLine = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
  const status = Number(/^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(statusLine)?.[1] ?? Number.NaN);
  if (Number.isNaN(status) || status < 100) throw new WireResponseError('its status line is not HTTP/1');
  const fields = lines.flatMap((line) => {
    const colon = line.indexOf(':');
    return colon < 1 ? [] : [[line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()] as const];
  });
  return { status, fields, length: end + 4 };
}

function isComplete({ status, fields }: Head, body: Buffer, method: string): boolean {
  if (method === 'HEAD' || status === 101 || status === 204 || status === 304 || body.length > maximumBodyBytes)
    return true;
  if (isChunked(fields)) return readChunks(body).isComplete;
  const length = findResponseField(fields, 'content-length');
  return length !== undefined && body.length >= Number(length);
}

function isChunked(fields: Head['fields']): boolean {
  return /chunked/i.test(findResponseField(fields, 'transfer-encoding') ?? '');
}

function decodeBody({ fields }: Head, bytes: Buffer): Buffer {
  return isChunked(fields) ? readChunks(bytes).content : bytes;
}

/** Decodes the chunks that have arrived (RFC 9112 §7.1). Skips extensions and trailers. */
function readChunks(bytes: Buffer): { readonly content: Buffer; readonly isComplete: boolean } {
  const chunks: Buffer[] = [];
  let position = 0;
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', position);
    const size = lineEnd === -1 ? Number.NaN : Number.parseInt(bytes.toString('latin1', position, lineEnd), 16);
    // The line end of the last chunk is also the start of an empty trailer section.
    const isComplete = size === 0 && bytes.includes('\r\n\r\n', lineEnd);
    if (Number.isNaN(size) || size <= 0) return { content: Buffer.concat(chunks), isComplete };
    chunks.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size));
    position = lineEnd + 2 + size + 2;
  }
}

/** The first value of a field. Undefined if the response lacks the field. */
export function findResponseField(fields: WireResponse['fields'], lowerCaseName: string): string | undefined {
  return fields.find(([name]) => name === lowerCaseName)?.[1];
}
