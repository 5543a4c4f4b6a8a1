/** One entry of the deny list: a certificate by its thumbprint, or by its serial number under an authority. */
export interface DeniedCertificate {
  /** Where in the document, e.g. `denied[0]`. */
  readonly path: string;
  /** Upper-case hexadecimal. */
  readonly thumbprintSha256: string | undefined;
  /** With `serialNumber`: the authority's name, in its own spelling. */
  readonly issuedBy: string | undefined;
  /** The INTEGER's content in upper-case hexadecimal, as `PathCertificate.serialNumber`. */
  readonly serialNumber: string | undefined;
  readonly reason: string | undefined;
}

/** Certificates that are refused whatever else says of them. */
export interface DenyList {
  readonly thumbprintsSha256: ReadonlyMap<string, DeniedCertificate>;
  /** By `deniedSerialKey`. */
  readonly serialNumbers: ReadonlyMap<string, DeniedCertificate>;
}

/** The serial number is that of a `PathCertificate`, which the authority's path holds. */
export function deniedSerialKey(authorityName: string, serialNumber: string): string {
  return `${authorityName.toLowerCase()}\n${serialNumber}`;
}

/**
 * A serial number as tools print it → the content of the DER INTEGER that it is, in upper-case hexadecimal: minimal,
 * with 00 in front where the first bit would make it negative. Undefined for what are no hexadecimal digits.
 */
export function findSerialNumber(text: string): string | undefined {
  const digits = text.replace(separators, '');
  if (!/^[0-9A-Fa-f]{1,128}$/.test(digits)) return undefined;
  const significant = digits.toUpperCase().replace(/^0+/, '');
  const even = significant.length % 2 === 0 ? significant : `0${significant}`;
  return even === '' || even >= '8' ? `00${even}` : even;
}

/** As in thumbprints. */
const separators = /[\s:\u00ad\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]/gu;

/** For the operator; the reason is a text of the document's. */
export function describeDenied({ path, reason }: DeniedCertificate): string {
  return `The certificate is on the trust document's deny list (${path})${reason === undefined ? '' : `: ${reason}`}.`;
}
