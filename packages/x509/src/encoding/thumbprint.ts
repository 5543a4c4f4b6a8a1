const hexDigits = { sha1: 40, sha256: 64 } as const;

/**
 * What people paste around and inside a thumbprint: white space, colons, and the invisible marks that the Windows
 * certificate dialog (U+200E) and word processors put before it.
 */
const separators = /[\s:\u00ad\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]/gu;

/** The thumbprint as 40 or 64 upper-case hexadecimal digits, or undefined if the text is anything else. */
export function findThumbprint(text: string, algorithm: keyof typeof hexDigits): string | undefined {
  const digits = text.replace(separators, '');
  // Checked before the case is changed: the ligature U+FB00 has FF as its upper case.
  return digits.length === hexDigits[algorithm] && /^[0-9A-Fa-f]+$/.test(digits) ? digits.toUpperCase() : undefined;
}

/**
 * Converts a serial number, as tools print it, to the content of its DER INTEGER in upper-case hexadecimal: minimal,
 * with 00 in front if the first bit would otherwise make it negative. Undefined if the text, without separators, is not
 * 1 to 128 hexadecimal digits.
 */
export function findSerialNumber(text: string): string | undefined {
  const digits = text.replace(separators, '');
  if (!/^[0-9A-Fa-f]{1,128}$/.test(digits)) return undefined;
  const significant = digits.toUpperCase().replace(/^0+/, '');
  const even = significant.length % 2 === 0 ? significant : `0${significant}`;
  return even === '' || even >= '8' ? `00${even}` : even;
}

/**
 * Shortens a thumbprint for people and keeps both ends: thumbprints that differ by a typing error mostly begin alike.
 */
export function shortenThumbprint(thumbprint: string): string {
  return `${thumbprint.slice(0, 16)}…${thumbprint.slice(-8)}`;
}
