import type { PlayedFrontEnd } from '../exchange/played-front-end.js';
import { removeFields, removeLookalikes } from './client-fields.js';

const certificateField = 'X-Forwarded-Tls-Client-Cert';
/** Both are removed, and the second is never written: `info` of the middleware is left out. */
const ownFields = [certificateField.toLowerCase(), 'x-forwarded-tls-client-cert-info'];

/**
 * Traefik with the middleware PassTLSClientCert, `pem: true`, after one that removes the client's own field; `clientAuth` of
 * the type `RequestClientCert`, which verifies nothing; it has no field for that.
 *
 * Names with underscores are removed since 2.11.43 and 3.6.14, and passed on before: in the worst case they pass.
 */
export const traefik: PlayedFrontEnd = Object.freeze({
  keepClientFields: (fields, worstCase) => (worstCase ? removeFields : removeLookalikes)(fields, ownFields),
  writeCertificate: (certificate) =>
    certificate === undefined
      ? []
      : [[certificateField, [certificate.der, ...certificate.chain].map((der) => der.toString('base64')).join(',')]],
} satisfies PlayedFrontEnd);
