import { deny, type Denial } from './denial.js';
import { readBase64Der } from './header-grammars/base64-der.js';

/** Bytes that are framed as exactly one DER SEQUENCE; nothing inside has been looked at. */
export interface CertificateBytes {
  readonly outcome: 'read';
  readonly der: Uint8Array;
}

export type CertificateHeaderReading = CertificateBytes | Denial;

/** 16 KiB of text: no grammar's single certificate comes near it, and no work is done on more. */
export const maximumHeaderLength = 16_384;

/** The header's text without outer white space (RFC 9110 §5.5), or undefined when nothing is left. */
export function trimHeader(header: string | null | undefined): string | undefined {
  if (header === null || header === undefined || header === '') return undefined;
  const first = header.charCodeAt(0);
  const last = header.charCodeAt(header.length - 1);
  // Nearly every header needs no trimming, and this look is cheaper than a copy.
  if (first > 0x20 && last > 0x20) return header;
  if (header.length > maximumHeaderLength) return header;
  // By hand: a pattern for white space at the end tries every run inside, 180 ms for 16 KiB of spaces.
  let start = 0;
  let end = header.length;
  while (start < end && isWhiteSpace(header.charCodeAt(start))) start += 1;
  while (end > start && isWhiteSpace(header.charCodeAt(end - 1))) end -= 1;
  return start === end ? undefined : header.slice(start, end);
}

function isWhiteSpace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** Header text → the bytes of one certificate. Strict, and capped before any work. */
export function readCertificateHeader(header: string | null | undefined): CertificateHeaderReading {
  const text = trimHeader(header);
  if (text === undefined) {
    return deny('certificate_missing', 'No client certificate came with the request: the header is absent or empty.');
  }
  if (text.length > maximumHeaderLength) {
    return deny(
      'certificate_too_large',
      `The certificate header has ${text.length} characters; ${maximumHeaderLength} are read.`,
    );
  }
  return readBase64Der(text);
}
