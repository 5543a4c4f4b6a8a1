import type { PlayedFrontEnd } from '../exchange/played-front-end.js';
import { writeByteSequence } from './certificate-encoding.js';
import { removeFields } from './client-fields.js';

const [certificateField, chainField] = ['Client-Cert', 'Client-Cert-Chain'];

/**
 * A front end that follows RFC 9440, and verifies nothing; the RFC has no field for that.
 *
 * It removes or replaces both fields of the client (§2.4), and writes the chain without the leaf, in the order of the
 * handshake (§2.3). One with underscores is another field, and passes.
 */
export const rfc9440: PlayedFrontEnd = Object.freeze({
  keepClientFields: (fields) =>
    removeFields(
      fields,
      [certificateField, chainField].map((name) => name.toLowerCase()),
    ),
  writeCertificate: (certificate) => {
    if (certificate === undefined) return [];
    const { der, chain } = certificate;
    const chainText = chain.map(writeByteSequence).join(', ');
    return [
      [certificateField, writeByteSequence(der)],
      ...(chainText === '' ? [] : [[chainField, chainText] as const]),
    ];
  },
} satisfies PlayedFrontEnd);
