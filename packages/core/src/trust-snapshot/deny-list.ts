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

/** For the operator; the reason is a text of the document's. */
export function describeDenied({ path, reason }: DeniedCertificate): string {
  return `The certificate is on the trust document's deny list (${path})${reason === undefined ? '' : `: ${reason}`}.`;
}
