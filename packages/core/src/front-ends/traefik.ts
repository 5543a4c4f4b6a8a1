import type { CertificateExtraction } from '../certificate-header/certificate-text.js';
import { deny } from '../denial.js';
import { createFrontEnd, type FrontEnd } from './front-end.js';

/**
 * Traefik with the middleware PassTLSClientCert and `pem: true`.
 *
 * - **Grammar**: base64 of the DER of the leaf, without armour and line breaks, then those of the certificates that the client
 *   sent along, in the order of the handshake, with commas between them (traefik/traefik,
 *   pkg/middlewares/passtlsclientcert). Before 2.9.4 each was percent-encoded; that is refused.
 * - **Verification**: none is said. With the types of `clientAuth` that verify, Traefik refuses the handshake. The field
 *   `X-Forwarded-Tls-Client-Cert-Info` is text from names in the certificate, and is not read.
 * - **A field that the caller sent**: the middleware replaces it where a certificate came, and leaves it alone otherwise. The
 *   entry point removes it, unless `forwardedHeaders` trusts the address of whoever connects.
 * - **The operator configures**: examples/front-ends/traefik, where the caller's field is removed in either case.
 */
export const traefik: FrontEnd = createFrontEnd('traefik', ['x-forwarded-tls-client-cert'], (text) => {
  if (text.includes('%')) return deny('certificate_malformed', { problem: 'base64_percent_encoded' });
  const comma = text.indexOf(',');
  return comma < 0 ? extractCertificates(text, undefined) : splitCertificates(text, comma);
});

/**
 * Traefik writes nothing between the commas and the certificates. Node and a `Headers` put a space where they join two lines,
 * which is refused. A host that joins them by a bare comma, as Azure's MCP extension does, makes the second line a chain: the
 * first line is the caller's certificate, so nothing but the removal of a field that the caller sent keeps that out.
 */
function splitCertificates(text: string, comma: number): CertificateExtraction {
  if (foreignSeparator.test(text)) return deny('certificate_multiple', {});
  return extractCertificates(text.slice(0, comma), text.slice(comma + 1));
}

const foreignSeparator = /^,|,(?:[, \t]|$)|[ \t],/;

function extractCertificates(leaf: string, chain: string | undefined): CertificateExtraction {
  const forwarded = chain === undefined ? undefined : ({ text: chain, encoding: 'base64-list' } as const);
  return { outcome: 'extracted', leaf, encoding: 'base64', chain: forwarded };
}
