import { findVerificationDenial } from './client-cert-verification.js';
import { createFrontEnd, type FrontEnd } from './front-end.js';
import { extractPemBlock } from './pem-block.js';

const verificationField = 'ssl-client-verify';

/**
 * nginx, and ingress-nginx with `auth-tls-pass-certificate-to-upstream`, which uses the same two fields.
 *
 * - **Grammar**: `$ssl_client_escaped_cert`, the leaf as a percent-encoded PEM block (nginx.org, ngx_http_ssl_module).
 *   It has no variable for the chain that a client sends.
 * - **Verification**: `$ssl_client_verify` is `SUCCESS`, `NONE` or `FAILED:reason`. With `ssl_verify_client
 *   optional_no_ca` it is `FAILED:…` for each pinned certificate that no CA of nginx issued; the configuration then
 *   sends `UNVERIFIED`.
 * - **A field that the caller sent**: `proxy_set_header` replaces it, and removes it if the variable is empty
 *   (nginx.org, ngx_http_proxy_module). With `underscores_in_headers on`, nginx forwards a field with underscores, but
 *   that is another name.
 * - **The operator configures**: examples/front-ends/nginx.
 */
export const nginx: FrontEnd = createFrontEnd(
  'nginx',
  ['ssl-client-cert', verificationField],
  (text, findField) =>
    findVerificationDenial(verificationField, findField(verificationField), 'SUCCESS') ?? extractPemBlock(text),
);
