import { extractForwardedClientCert } from './forwarded-client-cert.js';
import { createFrontEnd, type FrontEnd } from './front-end.js';

/**
 * Envoy.
 *
 * - **Grammar**: `X-Forwarded-Client-Cert`, with `cert: true`, and with `chain: true` for callers under an authority.
 * - **Verification**: Envoy sends no result. With a `validation_context` that verifies, Envoy refuses the handshake.
 * - **A field that the caller sent**: `SANITIZE` removes it and `SANITIZE_SET` replaces it, even if no certificate
 *   came. `APPEND_FORWARD` keeps it and adds an element. The two `FORWARD_ONLY` modes forward it unchanged.
 * - **Several elements**: `elementCount` is their exact number, and only the last one is used: the certificate of
 *   whoever connected to the nearest hop. All text before it is what this hop received, which a caller may have
 *   written.
 * - **The operator configures**: `forward_client_cert_details: SANITIZE_SET`, without `uri` and `dns`, which Envoy
 *   writes unescaped (see forwarded-client-cert.ts), and the secret.
 */
export function createEnvoy(elementCount = 1): FrontEnd {
  return createFrontEnd('envoy', ['x-forwarded-client-cert'], (text) => extractForwardedClientCert(text, elementCount));
}
