import { createHash } from 'node:crypto';
import type { PlayedFrontEnd } from '../exchange/played-front-end.js';
import { escapePem } from './certificate-encoding.js';
import { removeFields } from './client-fields.js';

const certificateField = 'x-forwarded-client-cert';

/**
 * Envoy with `forward_client_cert_details: SANITIZE_SET`, `cert: true` and `chain: true`, and a certificate that it only
 * requests. It verifies nothing then, and has no field for that. It writes names in lower case.
 *
 * SANITIZE_SET replaces a client's field, and removes it without a certificate. One with underscores is another field to
 * it, and passes.
 */
export const envoy: PlayedFrontEnd = Object.freeze({
  keepClientFields: (fields) => removeFields(fields, [certificateField]),
  writeCertificate: (certificate) => {
    if (certificate === undefined) return [];
    const { der, chain } = certificate;
    const hash = createHash('sha256').update(der).digest('hex');
    // The chain begins with the leaf, and is the leaf alone where nothing came with it.
    const texts = [der, ...chain].map(escapePem);
    return [[certificateField, `Hash=${hash};Cert="${escapePem(der)}";Chain="${texts.join('')}"`]];
  },
} satisfies PlayedFrontEnd);
