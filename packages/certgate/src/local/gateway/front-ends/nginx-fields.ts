import type { PlayedFrontEnd } from '../exchange/played-front-end.js';
import { escapePem } from './certificate-encoding.js';
import { removeFields } from './client-fields.js';

const [certificateField, verificationField] = ['SSL-Client-Cert', 'SSL-Client-Verify'];
const ownFields = [certificateField, verificationField].map((name) => name.toLowerCase());

/**
 * nginx with `ssl_verify_client optional_no_ca`, and `UNVERIFIED` in place of `$ssl_client_verify`.
 *
 * `proxy_set_header` replaces a field of the client, and removes it where its own value is empty. Names with other
 * characters than letters, digits and hyphens are dropped (`ignore_invalid_headers`, `underscores_in_headers`).
 */
export const nginx: PlayedFrontEnd = Object.freeze({
  keepClientFields: (fields) => removeFields(fields, ownFields).filter(([name]) => /^[a-z0-9-]+$/i.test(name)),
  writeCertificate: (certificate) => [
    ...(certificate === undefined ? [] : [[certificateField, escapePem(certificate.der)] as const]),
    [verificationField, 'UNVERIFIED'],
  ],
} satisfies PlayedFrontEnd);
