/** The length of a P-384 signature in bytes. The content of its DER sequence has at most 102, so its length is one byte. */
const maximumLength = 96;

/**
 * Encodes an ECDSA signature of fixed length, r and s one after the other (RFC 7518 §3.4), in the DER that openssl
 * makes and that `signedBy` verifies: SEQUENCE { INTEGER r, INTEGER s } (RFC 3279 §2.2.3).
 *
 * @throws {RangeError} if `fixed` is not two integers of the same length, of at most 48 bytes each.
 */
export function encodeEcdsaSignature(fixed: Uint8Array): Uint8Array {
  const { length } = fixed;
  if (length === 0 || length % 2 !== 0 || length > maximumLength) {
    throw new RangeError(`${length} bytes are not an ECDSA signature of P-256 or P-384.`);
  }
  const content = [...encodeInteger(fixed.subarray(0, length / 2)), ...encodeInteger(fixed.subarray(length / 2))];
  return Uint8Array.from([0x30, content.length, ...content]);
}

/**
 * Encodes an integer in as few bytes as possible. The first byte must have its highest bit clear, because otherwise the
 * integer would be negative.
 */
function encodeInteger(fixed: Uint8Array): readonly number[] {
  const first = fixed.findIndex((byte) => byte !== 0);
  const digits = [...fixed.subarray(first === -1 ? fixed.length - 1 : first)];
  const isNegative = ((digits[0] ?? 0) & 0x80) !== 0;
  const content = isNegative ? [0, ...digits] : digits;
  return [0x02, content.length, ...content];
}
