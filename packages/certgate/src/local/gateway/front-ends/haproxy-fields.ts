import type { PlayedFrontEnd } from '../exchange/played-front-end.js';
import { removeFields } from './client-fields.js';

const [certificateField, verificationField] = ['x-client-certificate', 'x-client-certificate-verification'];

/**
 * HAProxy with `ca-ignore-err all crt-ignore-err all`, and `UNVERIFIED` in place of `%[ssl_c_verify]`. It writes names in
 * lower case.
 *
 * `del-header` and `set-header` remove a client's field. One with underscores is another field to it, and passes.
 */
export const haproxy: PlayedFrontEnd = Object.freeze({
  keepClientFields: (fields) => removeFields(fields, [certificateField, verificationField]),
  writeCertificate: (certificate) => [
    ...(certificate === undefined ? [] : [[certificateField, certificate.der.toString('base64')] as const]),
    [verificationField, 'UNVERIFIED'],
  ],
} satisfies PlayedFrontEnd);
