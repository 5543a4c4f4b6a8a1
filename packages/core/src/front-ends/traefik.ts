import { extractBase64 } from '../certificate-header/certificate-header.js';
import { deny } from '../denial.js';
import { createFrontEnd, type FrontEnd } from './front-end.js';

/**
 * Traefik with the middleware PassTLSClientCert and `pem: true`.
 *
 * - **Grammar**: base64 of the DER of the leaf, without armour and line breaks, then the base64 of the certificates
 *   that the client also sent, in the order of the handshake, with commas between them (traefik/traefik,
 *   pkg/middlewares/passtlsclientcert). Before 2.9.4, Traefik percent-encoded each of them; that is refused.
 * - **Verification**: Traefik sends no result. With the types of `clientAuth` that verify, Traefik refuses the
 *   handshake. The field `X-Forwarded-Tls-Client-Cert-Info` is text from names in the certificate, and is not read.
 * - **A field that the caller sent**: the middleware replaces it if a certificate came, and does not change it
 *   otherwise. The entry point removes it, unless `forwardedHeaders` trusts the address of whoever connects.
 * - **The operator configures**: examples/front-ends/traefik, where the caller's field is removed in either case.
 */
export const traefik: FrontEnd = createFrontEnd('traefik', ['x-forwarded-tls-client-cert'], (text, _, isOneLine) => {
  if (text.includes('%')) return deny('certificate_malformed', { problem: 'base64_percent_encoded' });
  const comma = text.indexOf(',');
  if (comma < 0) return extractBase64(text);
  if (foreignSeparator.test(text)) return deny('certificate_multiple', {});
  const chain = { text: text.slice(comma + 1), encoding: 'base64-list', isPerhapsLine: !isOneLine } as const;
  return extractBase64(text.slice(0, comma), chain);
});

/**
 * Separators that Traefik never writes: it puts nothing between the commas and the certificates. Node and a `Headers`
 * add a space where they join two lines. The Functions host joins lines with a bare comma, so that the second line
 * looks like a chain, and the first like the caller.
 */
const foreignSeparator = /^,|,(?:[, \t]|$)|[ \t],/;
