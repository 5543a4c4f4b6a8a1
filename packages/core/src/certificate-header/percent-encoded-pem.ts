/**
 * The armour of a PEM block (RFC 7468 §2) after percent-encoding. OpenSSL ends each line with a line feed, the last one too.
 */
export const pemBegin = '-----BEGIN%20CERTIFICATE-----%0A';
export const pemEnd = '%0A-----END%20CERTIFICATE-----%0A';

/** Every line but the last (RFC 7468 §2: "exactly 64 characters"), as OpenSSL and BoringSSL write them. */
const lineLength = 64;

/** Reused by every text; what is in it never leaves this file. */
let characters: Buffer | undefined;

/**
 * The base64 inside a PEM block whose line feeds, `+`, `/` and `=` are percent-encoded; undefined where anything is written
 * in another way. So a certificate has one text: a caller can't fill the memory of certificates with others of its own. By
 * hand, octet by octet: `decodeURIComponent` and `replaceAll` cost more, and strangers choose the text. Whether padding is
 * where it belongs is for a strict base64 decoder to judge.
 */
export function unescapePem(body: string): string | undefined {
  if (characters === undefined || characters.length < body.length) characters = Buffer.alloc(body.length);
  // A character beyond Latin-1 would lose its high octet here, and might look like another one.
  if (Buffer.byteLength(body) !== body.length) return undefined;
  const count = unescapeLines(characters, characters.write(body, 'latin1'));
  return count === undefined ? undefined : characters.toString('latin1', 0, count);
}

/** In place, since nothing gets longer. Returns the number of octets that are left. */
function unescapeLines(octets: Uint8Array, length: number): number | undefined {
  let count = 0;
  let column = 0;
  let index = 0;
  while (index < length) {
    let code = octets[index] ?? 0;
    if (column === lineLength) {
      // A line follows each line feed here: the last one's is part of the armour.
      const isLineFeed = code === percentSign && octets[index + 1] === 0x30 && octets[index + 2] === 0x41;
      if (!isLineFeed || index + 3 >= length) return undefined;
      column = 0;
      index += 3;
      continue;
    }
    if (code === percentSign) {
      // Within `length`: behind it stands what an earlier text left.
      code = index + 2 < length ? readEscape(octets[index + 1], octets[index + 2]) : 0;
      index += 2;
    } else if (!isLetterOrDigit(code)) code = 0;
    if (code === 0) return undefined;
    octets[count] = code;
    count += 1;
    column += 1;
    index += 1;
  }
  return count;
}

const percentSign = 0x25;

function isLetterOrDigit(code: number): boolean {
  const letter = code | 0x20;
  return (letter >= 0x61 && letter <= 0x7a) || (code >= 0x30 && code <= 0x39);
}

/** Upper-case hexadecimal digits, as nginx and Envoy write them (RFC 3986 §2.1). Zero: another escape. */
function readEscape(high: number | undefined, low: number | undefined): number {
  if (high === 0x32 && low === 0x42) return 0x2b; // +
  if (high === 0x32 && low === 0x46) return 0x2f; // /
  if (high === 0x33 && low === 0x44) return 0x3d; // =
  return 0;
}
