import type { PlayedFrontEnd } from '../exchange/played-front-end.js';
import { removeFields } from './client-fields.js';

const certificateField = 'X-Client-Certificate';

/** Caddy sends a placeholder without a value as it stands in its configuration. */
const placeholder = '{http.request.tls.client.certificate_der_base64}';

/**
 * Caddy with `client_auth` in the mode `request`, which verifies nothing; it has no field for that.
 *
 * `header_up` replaces the client's field. Names with underscores are dropped by newer versions, and by Debian's 2.6.2; in
 * the worst case they pass.
 */
export const caddy: PlayedFrontEnd = Object.freeze({
  keepClientFields: (fields, worstCase) =>
    removeFields(fields, [certificateField.toLowerCase()]).filter(([name]) => worstCase || !name.includes('_')),
  writeCertificate: (certificate) => [
    [certificateField, certificate === undefined ? placeholder : certificate.der.toString('base64')],
  ],
} satisfies PlayedFrontEnd);
