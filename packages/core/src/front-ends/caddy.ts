import { denyMissing, extractBase64 } from '../certificate-header/certificate-header.js';
import { createFrontEnd, type FrontEnd } from './front-end.js';

const certificateField = 'x-client-certificate';

/** Caddy does not replace a placeholder without a value, so this text means that no certificate came. */
const placeholder = '{http.request.tls.client.certificate_der_base64}';

/**
 * Caddy.
 *
 * - **Grammar**: `{http.request.tls.client.certificate_der_base64}`, base64 of the DER of the leaf on one line
 *   (caddyserver.com, placeholders). It has no placeholder for the chain that a client sends.
 * - **Verification**: Caddy sends no result. With the client authentication modes that verify, Caddy refuses the
 *   handshake.
 * - **A field that the caller sent**: `header_up` replaces it.
 * - **The operator configures**: examples/front-ends/caddy.
 */
export const caddy: FrontEnd = createFrontEnd('caddy', [certificateField], (leaf) =>
  leaf === placeholder ? denyMissing(certificateField) : extractBase64(leaf),
);
