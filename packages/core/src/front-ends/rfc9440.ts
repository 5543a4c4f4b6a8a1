import { extractBase64, trimHeader } from '../certificate-header/certificate-header.js';
import type { CertificateExtraction } from '../certificate-header/certificate-text.js';
import { deny } from '../denial.js';
import { createFrontEnd, type FrontEnd, joinLines } from './front-end.js';

const chainField = 'client-cert-chain';

/**
 * A front end that follows RFC 9440, as Apache httpd can.
 *
 * - **Grammar**: `Client-Cert` is one Byte Sequence (RFC 8941 §3.3.5) of the DER of the leaf. `Client-Cert-Chain` is a
 *   list of Byte Sequences on one or several lines, without the leaf and in the order of the handshake (RFC 9440 §2.2
 *   and §2.3). Parameters are defined for neither, and none is accepted. Padding may not be left out (RFC 8941 §4.1.8).
 * - **Verification**: the front end sends no result. Only its operator knows what it verified, so here only the trust
 *   document decides.
 * - **A field that the caller sent**: the front end must remove or replace it (RFC 9440 §2.4).
 * - **The operator configures**: examples/front-ends/apache.
 */
export const rfc9440: FrontEnd = createFrontEnd('rfc9440', ['client-cert', chainField], (text, findField) =>
  extractByteSequence(text, trimHeader(joinLines(findField(chainField)))),
);

function extractByteSequence(text: string, chain: string | undefined): CertificateExtraction {
  const isDelimited = text.length > 2 && text.startsWith(':') && text.endsWith(':');
  if (!isDelimited) {
    // A front end that follows the RFC leaves the field out if no certificate came.
    const problem = text === '::' ? 'byte_sequence_empty' : 'not_byte_sequence';
    return deny('certificate_malformed', { problem });
  }
  const leaf = text.slice(1, -1);
  const forwarded = chain === undefined ? undefined : ({ text: chain, encoding: 'byte-sequences' } as const);
  return extractBase64(leaf, forwarded);
}
