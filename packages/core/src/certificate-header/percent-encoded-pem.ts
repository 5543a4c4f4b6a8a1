/**
 * The armour of a PEM block (RFC 7468 §2) after percent-encoding. OpenSSL ends each line with a line feed, the last one too.
 */
export const pemBegin = '-----BEGIN%20CERTIFICATE-----%0A';
export const pemEnd = '%0A-----END%20CERTIFICATE-----%0A';

/** Every line but the last (RFC 7468 §2: "exactly 64 characters"), as OpenSSL and BoringSSL write them. */
const lineLength = 64;

/** Reused by every text; what is in it never leaves this file. */
let octets = new DataView(new ArrayBuffer(0));
let buffer = Buffer.from(octets.buffer);

/**
 * The base64 inside a PEM block whose line feeds, `+`, `/` and `=` are percent-encoded; undefined where these, or the lines,
 * are written in another way. So a certificate has one text: a caller can't fill the memory of certificates with others of
 * its own. By hand: `decodeURIComponent` and `replaceAll` cost several times as much, and strangers choose the text. What is
 * no base64 at all is for a strict decoder to judge.
 */
export function unescapePem(body: string): string | undefined {
  // A character beyond ASCII would lose its high octet here, and might look like another one.
  if (Buffer.byteLength(body) !== body.length) return undefined;
  if (body.includes('+') || body.includes('/') || body.includes('=')) return undefined;
  if (buffer.length < body.length) {
    octets = new DataView(new ArrayBuffer(body.length));
    buffer = Buffer.from(octets.buffer);
  }
  const count = unescapeLines(octets, buffer.write(body, 'latin1'));
  return count === undefined ? undefined : buffer.toString('latin1', 0, count);
}

/** In place, since nothing gets longer. Returns the number of octets that are left. */
function unescapeLines(text: DataView, length: number): number | undefined {
  let count = 0;
  let lineFeeds = 0;
  let index = 0;
  while (index < length) {
    // Four octets at once where none is a percent sign: most are not.
    if (index + 4 <= length) {
      const four = text.getInt32(index);
      if (!hasPercentSign(four)) {
        text.setInt32(count, four);
        count += 4;
        index += 4;
        continue;
      }
    }
    let code = text.getUint8(index);
    index += 1;
    if (code === percentSign) {
      // Not behind the end, where there is what an earlier text has left.
      if (index + 2 > length) return undefined;
      code = readEscape(text.getUint16(index));
      index += 2;
      if (code === 0) return undefined;
    }
    if (code === lineFeed) {
      lineFeeds += 1;
      if (count !== lineFeeds * lineLength) return undefined;
      continue;
    }
    text.setUint8(count, code);
    count += 1;
  }
  // One between each two lines: the last line's is part of the armour.
  return lineFeeds === Math.ceil(count / lineLength) - 1 ? count : undefined;
}

/** Whether one of four octets is zero, once a percent sign is: below it, the subtraction borrows, and sets its high bit. */
function hasPercentSign(four: number): boolean {
  const zeroed = four ^ 0x25252525;
  return ((zeroed - 0x01010101) & ~zeroed & 0x80808080) !== 0;
}

const percentSign = 0x25;
const lineFeed = 0x0a;

/** Two upper-case hexadecimal digits, as nginx and Envoy write them (RFC 3986 §2.1). Zero: another escape. */
function readEscape(digits: number): number {
  switch (digits) {
    case 0x3041: // 0A
      return lineFeed;
    case 0x3242: // 2B
      return 0x2b;
    case 0x3246: // 2F
      return 0x2f;
    case 0x3344: // 3D
      return 0x3d;
    default:
      return 0;
  }
}
