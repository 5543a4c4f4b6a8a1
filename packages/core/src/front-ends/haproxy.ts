import { extractBase64 } from '../certificate-header/certificate-header.js';
import { findVerificationDenial } from './client-cert-verification.js';
import { createFrontEnd, type FrontEnd } from './front-end.js';

const verificationField = 'x-client-certificate-verification';

/**
 * HAProxy.
 *
 * - **Grammar**: `%[ssl_c_der,base64]`, base64 of the DER of the leaf on one line (HAProxy configuration manual,
 *   "Fetching samples at Layer 5").
 * - **Verification**: `%[ssl_c_verify]`, the number of OpenSSL's verification result, `0` for success. Without a
 *   certificate it is `0` too, and means nothing.
 * - **A field that the caller sent**: `http-request set-header` replaces it, `http-request del-header` removes it.
 * - **The operator configures**: examples/front-ends/haproxy.
 */
export const haproxy: FrontEnd = createFrontEnd(
  'haproxy',
  ['x-client-certificate', verificationField],
  (leaf, findField) =>
    findVerificationDenial(verificationField, findField(verificationField), '0') ?? extractBase64(leaf),
);
