/**
 * A serial number for people: the content of the DER INTEGER, in upper-case hexadecimal → as openssl and Node print it,
 * without the octet 00 that DER puts before a number whose first bit is set, and with - before a negative one.
 */
export function formatSerialNumber(encoded: string): string {
  if (!/^[89A-F]/.test(encoded)) return encoded.replace(/^00(?=.)/, '');
  // Two's complement. RFC 5280 §4.1.2.2: readers meet negative numbers, though no CA may issue them.
  const magnitude = ((1n << BigInt(4 * encoded.length)) - BigInt(`0x${encoded}`)).toString(16).toUpperCase();
  return `-${magnitude.length % 2 === 0 ? '' : '0'}${magnitude}`;
}
