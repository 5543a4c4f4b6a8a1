import type { ReadResult } from '../../../certgate/src/trust/views/page-views.js';
import { explainDenied, notTrusted, strangerThumbprint } from './sample-explanations.js';

/** `subject` is what stands in the certificate: anything. */
export function createSampleCertificate(subject: string): ReadResult {
  return {
    kind: 'certificate',
    fault: null,
    certificates: [
      {
        role: 'leaf',
        fields: [
          ['Subject', subject],
          ['Issuer', 'CN=Example Issuing CA 3,O=Example GmbH'],
          ['Serial number', '1F:03:9A:77:20'],
          ['Valid from', '2026-09-01T00:00:00Z'],
          ['Valid until', '2027-09-01T00:00:00Z (279 days left)'],
          ['Key', 'RSA, 3072 bits'],
          ['Signature', 'SHA-256 with RSA'],
          ['Usages', 'digital signature; TLS client'],
          ['Names', 'DNS billing.internal.example.com, e-mail billing@example.com'],
        ],
        thumbprints: [
          ['SHA-256', strangerThumbprint],
          ['SHA-256, with colons', strangerThumbprint.replace(/..(?=.)/g, '$&:')],
          ['SHA-256, base64', 'YDA64iuZiGG847KPM+7BvnWKITyGyTwHbb6fVYwRx1I='],
          ['SHA-1', 'AAF4C61DDCC5E8A2DABEDE0F3B482CD9AEA9434D'],
          ['SHA-1, as Windows writes it', 'aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d'],
        ],
        explanation: explainDenied('any', notTrusted, subject),
      },
    ],
    crl: null,
    notes: [],
  };
}

export const sampleCrl: ReadResult = {
  kind: 'crl',
  fault: null,
  certificates: [],
  crl: {
    fields: [
      ['Issuer', 'CN=Example Issuing CA 3,O=Example GmbH'],
      ['This update', '2026-11-24T00:00:00Z'],
      ['Next update', '2026-12-01T00:00:00Z'],
      ['CRL number', '41'],
    ],
    revoked: [
      { serial: '1F:02', at: '2026-11-20T09:00:00Z', reason: 'keyCompromise' },
      { serial: '1E:77', at: '2026-06-02T12:30:00Z', reason: null },
    ],
  },
  notes: [],
};

export const unreadable: ReadResult = {
  kind: 'unknown',
  fault: 'It is no certificate, PFX, header value or revocation list: neither PEM nor DER was found in it.',
  certificates: [],
  crl: null,
  notes: [],
};

export const lockedPfx: ReadResult = { ...unreadable, kind: 'pfx', fault: 'The password is missing or wrong.' };
