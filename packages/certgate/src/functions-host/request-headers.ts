/** Header names in lower case, each with its values as one text. */
export type RequestHeaders = ReadonlyMap<string, string>;

/** What Kestrel refuses before any function sees it, by status. */
export type HeaderRefusal = 400 | 431;

const maximumHeaderCount = 100;
/** Kestrel's `MaxRequestHeadersTotalSize`. */
export const maximumHeaderBytes = 32_768;

/**
 * Headers from the wire's own list, as the real host hands them on: lower-case names, the values of a repeated
 * header joined by `,` without a space, also where Node would have dropped or joined them its own way. This is the
 * form in which a gate sees a client certificate header that was sent twice.
 */
export function readRequestHeaders(rawHeaders: readonly string[]): RequestHeaders | HeaderRefusal {
  if (rawHeaders.length / 2 > maximumHeaderCount) return 431;
  // Per line a colon, a space and the line's end; Node gives each octet as one character.
  if (rawHeaders.reduce((total, text) => total + text.length + 2, 0) > maximumHeaderBytes) return 431;
  const headers = new Map<string, string>();
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase();
    const value = decodeValue(rawHeaders[index + 1] ?? '');
    if (value === undefined) return 400;
    const earlier = headers.get(name);
    // The one header whose repetition the real server refuses: it decides where a request belongs.
    if (earlier !== undefined && name === 'host') return 400;
    headers.set(name, earlier === undefined ? value : `${earlier},${value}`);
  }
  return headers;
}

/** Node reads header bytes as Latin-1; Kestrel reads them as UTF-8 and refuses what isn't. */
function decodeValue(latin1: string): string | undefined {
  if (!/[\x80-\xff]/.test(latin1)) return latin1;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(latin1, 'latin1'));
  } catch {
    return undefined;
  }
}
