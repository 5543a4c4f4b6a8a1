/**
 * Formats a serial number for people, from the content of the DER INTEGER in upper-case hexadecimal. The result is as
 * openssl and Node print it: without the octet 00 that DER puts before a number whose first bit is set, and with -
 * before a negative number.
 */
export function formatSerialNumber(encoded: string): string {
  if (!/^[89A-F]/.test(encoded)) return encoded.replace(/^00(?=.)/, '');
  // The number is negative, in two's complement. No CA may issue such numbers, but readers should handle them (RFC 5280
  // §4.1.2.2).
  const magnitude = ((1n << BigInt(4 * encoded.length)) - BigInt(`0x${encoded}`)).toString(16).toUpperCase();
  return `-${magnitude.length % 2 === 0 ? '' : '0'}${magnitude}`;
}
