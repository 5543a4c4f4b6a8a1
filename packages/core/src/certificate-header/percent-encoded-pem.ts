/**
 * The armour lines of a PEM block (RFC 7468 §2), percent-encoded. OpenSSL ends every line with a line feed, even the
 * last.
 */
export const pemBegin = '-----BEGIN%20CERTIFICATE-----%0A';
export const pemEnd = '%0A-----END%20CERTIFICATE-----%0A';

/**
 * The length of every line but the last (RFC 7468 §2: "exactly 64 characters"), as OpenSSL and BoringSSL write them.
 */
const lineLength = 64;

/** The memory in which all texts are unescaped. It never leaves this file. */
let octets = new DataView(new ArrayBuffer(0));
let buffer = Buffer.from(octets.buffer);

/**
 * The base64 inside a PEM block whose line feeds, `+`, `/` and `=` are percent-encoded. Undefined if these, or the
 * lines, are written in another way. Therefore a certificate has exactly one text, and a caller can't fill the memory
 * of certificates with other texts of its own certificate. Written by hand, because `decodeURIComponent` and
 * `replaceAll` cost several times as much, and unknown callers choose the text. Whether the result is base64, a strict
 * decoder checks later.
 */
export function unescapePem(body: string): string | undefined {
  // Only ASCII is accepted: a character beyond Latin-1 would lose its high octet here, and might then look like another.
  if (Buffer.byteLength(body) !== body.length) return undefined;
  if (body.includes('+') || body.includes('/') || body.includes('=')) return undefined;
  if (buffer.length < body.length) {
    octets = new DataView(new ArrayBuffer(body.length));
    buffer = Buffer.from(octets.buffer);
  }
  const count = unescapeLines(octets, buffer.write(body, 'latin1'));
  return count === undefined ? undefined : buffer.toString('latin1', 0, count);
}

/**
 * Unescapes in place, because nothing gets longer. Returns the number of octets that are left. Undefined if an escape
 * or a line is not as expected.
 */
function unescapeLines(text: DataView, length: number): number | undefined {
  let count = 0;
  let lineFeeds = 0;
  let index = 0;
  while (index < length) {
    // Copies four octets at once if none is a percent sign, as in most cases.
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
      // An escape must not be read beyond the end, where the rest of an earlier text is.
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
  // There is one line feed between each two lines. The last line's is part of the armour.
  return lineFeeds === Math.ceil(count / lineLength) - 1 ? count : undefined;
}

/**
 * Whether one of four octets is a percent sign. The exclusive or makes such an octet zero. The subtraction then borrows
 * at this octet, which sets its high bit.
 */
function hasPercentSign(four: number): boolean {
  const zeroed = four ^ 0x25252525;
  return ((zeroed - 0x01010101) & ~zeroed & 0x80808080) !== 0;
}

const percentSign = 0x25;
const lineFeed = 0x0a;

/**
 * Decodes two upper-case hexadecimal digits, as nginx and Envoy write them (RFC 3986 §2.1). Returns zero for an escape
 * that they don't write.
 */
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
