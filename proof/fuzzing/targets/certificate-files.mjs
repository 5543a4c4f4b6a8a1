// Reads the files that people have (PEM, DER, PFX, lists, header values, key files). Reading must never throw anything
// but a refusal, and OpenSSL (node:crypto) must be able to read every certificate that comes from a file.
import { X509Certificate } from 'node:crypto';
import { readDropped } from '../../../packages/certgate/dist/esm/trust/certificate-reading/read-dropped.js';
import { readCertificateFile } from '../../../packages/certgate/dist/esm/certificates/read-certificate-file.js';
import { assert, certificates, lists, orRefusal, requestSeeds } from '../oracles.mjs';

export const maximumLength = 4000;
export const dictionary = [
  '-----BEGIN ',
  '-----END ',
  'CERTIFICATE-----',
  'PRIVATE KEY-----',
  'X509 CRL-----',
  'ENCRYPTED ',
];

const pem = (label, der) =>
  `-----BEGIN ${label}-----\n${der.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END ${label}-----\n`;

export const seeds = () => [
  ...[certificates[0], lists[0], ...requestSeeds().map((seed) => seed.subarray(1))],
  ...[
    pem('CERTIFICATE', certificates[4]),
    pem('CERTIFICATE', certificates[4]) + pem('CERTIFICATE', certificates[1]),
    pem('X509 CRL', lists[2]),
    pem('CERTIFICATE REQUEST', certificates[4].subarray(0, 90)),
    pem('ENCRYPTED PRIVATE KEY', Buffer.from('3000', 'hex')),
    certificates[5].toString('base64'),
  ].map((text) => Buffer.from(text)),
];

export async function fuzz(data) {
  const reading = await readDropped({ name: 'file', base64: data.toString('base64'), password: '' }, { now: 0 });
  assert.ok(reading.fault === null || typeof reading.fault === 'string');
  const file = await orRefusal(
    () => readCertificateFile(data, { privateKey: 'ignored', password: '' }),
    ...['ToolFailure', 'PfxError'],
  );
  if (file !== undefined) new X509Certificate(file.certificateDer);
}
