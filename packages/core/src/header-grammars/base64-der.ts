import { type Base64Fault, decodeBase64 } from '../encoding/base64.js';
import { findOuterFrameFault } from '../encoding/der.js';
import { type Denial, deny } from '../denial.js';
import { findMistakenStructure } from '../mistaken-structure.js';
import type { CertificateHeaderReading } from '../certificate-header.js';

/**
 * The grammar of `X-ARR-ClientCert`: base64 of the DER of one certificate, on one line, without armour
 * (docs: "Set up TLS mutual authentication for Azure App Service").
 */
export function readBase64Der(text: string): CertificateHeaderReading {
  const decoding = decodeBase64(text);
  if (!decoding.ok) return denyText(text, decoding.fault);
  const fault = findOuterFrameFault(decoding.bytes);
  if (fault !== undefined) return deny('certificate_malformed', frameFaults[fault]);
  const mistake = findMistakenStructure(decoding.bytes);
  if (mistake !== undefined) return deny('certificate_malformed', `What came in the header: ${mistake}.`);
  return { outcome: 'read', der: decoding.bytes };
}

const frameFaults = {
  not_der: 'The decoded header is not a DER SEQUENCE, so it is no certificate.',
  truncated: 'The certificate in the header is cut short.',
  trailing_bytes: 'The header holds bytes after the certificate; exactly one certificate is read.',
} as const;

function denyText(text: string, fault: Base64Fault): Denial {
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
