// certificate-header/: from the text of the header to the bytes of exactly one certificate, or a denial.

import { type Base64Fault, decodeBase64 } from '@certgate/x509';
import { findMistakenStructure, findOuterFrameFault } from '@certgate/x509/internal-certificates';
import { type Denial, type DenialCodeOf, deny } from '../denial.js';

/** Bytes that are framed as exactly one DER SEQUENCE; nothing inside has been looked at. */
export interface CertificateBytes {
  readonly outcome: 'read';
  readonly der: Uint8Array;
}

/** The certificate of a header, or the denial. */
export type CertificateHeaderReading = CertificateBytes | Denial<DenialCodeOf<'certificate-header'>>;

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

/**
 * The grammar of `X-ARR-ClientCert`: base64 of the DER of one certificate, on one line, without armour
 * (docs: "Set up TLS mutual authentication for Azure App Service").
 */
function readBase64Der(text: string): CertificateHeaderReading {
  const decoding = decodeBase64(text);
  if (!decoding.ok) return denyText(text, decoding.fault);
  const fault = findOuterFrameFault(decoding.bytes);
  if (fault !== undefined) return deny('certificate_malformed', frameFaults[fault]);
  const mistake = findMistakenStructure(decoding.bytes);
  if (mistake !== undefined) return deny('certificate_malformed', `The header holds no certificate: ${mistake}.`);
  return { outcome: 'read', der: decoding.bytes };
}

const frameFaults = {
  not_der: 'The decoded header is not a DER SEQUENCE, so it is no certificate.',
  truncated: 'The certificate in the header is cut short.',
  trailing_bytes: 'The header holds bytes after the certificate; exactly one certificate is read.',
} as const;

function denyText(text: string, fault: Base64Fault): Denial<DenialCodeOf<'certificate-header'>> {
  // A comma is in no base64 alphabet: it is how two header lines arrive joined (RFC 9110 §5.3).
  if (!text.includes(',')) return deny('certificate_malformed', describeTextFault(text, fault));
  return deny('certificate_multiple', 'The header holds more than one value; the front end sends one certificate.');
}

function describeTextFault(text: string, fault: Base64Fault): string {
  if (text.startsWith('-----')) {
    return 'The header is PEM; App Service sends the base64 of the DER on one line, without armour.';
  }
  if (fault === 'base64url') return 'The header is base64url; App Service sends base64 (RFC 4648 section 4).';
  if (fault === 'base64_padding')
    return 'The base64 in the header is cut short or not canonical (RFC 4648 section 3.5).';
  return 'The header is not base64.';
}
