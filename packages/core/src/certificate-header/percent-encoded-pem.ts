/**
 * The armour of a PEM block (RFC 7468 §2) after percent-encoding. OpenSSL ends each line with a line feed, the last one too.
 */
export const pemBegin = '-----BEGIN%20CERTIFICATE-----%0A';
export const pemEnd = '%0A-----END%20CERTIFICATE-----%0A';

/** Reused by every text; what is in it never leaves this file. */
let characters: Buffer | undefined;

/**
 * The base64 inside a PEM block whose line feeds, `+`, `/` and `=` are percent-encoded; undefined where another character
 * is. By hand, octet by octet: `decodeURIComponent` and `replaceAll` cost more, and strangers choose the text. What remains
 * is for a strict base64 decoder to judge.
 */
export function unescapePem(body: string): string | undefined {
  if (characters === undefined || characters.length < body.length) characters = Buffer.alloc(body.length);
  // A character beyond Latin-1 would lose its high octet here, and might look like another one.
  if (Buffer.byteLength(body) !== body.length) return undefined;
  const length = characters.write(body, 'latin1');
  let count = 0;
  for (let index = 0; index < length; index += 1) {
    let code = characters[index] ?? 0;
    if (code === percentSign) {
      code = readEscape(characters[index + 1], characters[index + 2]);
      if (code === 0) return undefined;
      index += 2;
      if (code === lineFeed) continue;
    }
    characters[count] = code;
    count += 1;
  }
  return characters.toString('latin1', 0, count);
}

const percentSign = 0x25;
const lineFeed = 0x0a;

/** Upper-case hexadecimal digits, as nginx and Envoy write them (RFC 3986 §2.1). Zero: another escape. */
function readEscape(high: number | undefined, low: number | undefined): number {
  if (high === 0x30 && low === 0x41) return lineFeed;
  if (high === 0x32 && low === 0x42) return 0x2b; // +
  if (high === 0x32 && low === 0x46) return 0x2f; // /
  if (high === 0x33 && low === 0x44) return 0x3d; // =
  return 0;
}
