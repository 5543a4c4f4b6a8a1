import { extractForwardedClientCert } from './forwarded-client-cert.js';
import { createFrontEnd, type FrontEnd } from './front-end.js';

/**
 * Envoy.
 *
 * - **Grammar**: `X-Forwarded-Client-Cert`; with `cert: true`, and `chain: true` for callers under an authority.
 * - **Verification**: none is said. With a `validation_context` that verifies, Envoy refuses the handshake.
 * - **A field that the caller sent**: removed by `SANITIZE` and replaced by `SANITIZE_SET`, also where no certificate came.
 *   `APPEND_FORWARD` keeps it and adds an element; the two `FORWARD_ONLY` modes hand it on as it is.
 * - **Several elements**: `elementCount` is their exact number, and the last is used: the certificate of whoever connected to
 *   the nearest hop. All before it is text that this hop received, which a caller can have written.
 * - **The operator configures**: `forward_client_cert_details: SANITIZE_SET`, without `uri` and `dns`, which Envoy writes
 *   unescaped (see forwarded-client-cert.ts), and the secret.
 */
export function createEnvoy(elementCount = 1): FrontEnd {
  return createFrontEnd('envoy', ['x-forwarded-client-cert'], (text) => extractForwardedClientCert(text, elementCount));
}
