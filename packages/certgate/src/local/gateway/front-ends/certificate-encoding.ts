import { X509Certificate } from 'node:crypto';

/**
 * The PEM block that OpenSSL and BoringSSL write (64 columns, a line feed after each line, the last one too), as nginx,
 * Envoy and Application Gateway put it into a header: line feed, space, `+`, `/` and `=` percent-encoded in upper case.
 */
export function escapePem(der: Buffer): string {
  return new X509Certificate(der)
    .toString()
    .replace(/[\n +/=]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
}

/** RFC 8941 §4.1.8. */
export function writeByteSequence(der: Buffer): string {
  return `:${der.toString('base64')}:`;
}
