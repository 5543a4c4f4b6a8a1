import { createPrivateKey, createPublicKey } from 'node:crypto';
import { AsnConvert } from '@peculiar/asn1-schema';
import { Certificate, id_kp_clientAuth, id_kp_serverAuth, type Extension } from '@peculiar/asn1-x509';
import { createAuthorityExtensions, createEndEntityExtensions } from './structure/create-extensions.js';
import type { KeyPair } from './structure/key-pair.js';
import { addDays, createValidityPeriod } from './structure/validity-period.js';
import { type IssuedCertificate, writeCertificate } from './structure/write-certificate.js';

/** What can be wrong with a certificate although its key is trusted. */
export type CertificateUnfitness = 'expired' | 'not-yet-valid' | 'wrong-usage' | 'ca-as-leaf';

/**
 * Makes a self-signed certificate with the subject and the key of another, valid certificate, and with one thing wrong.
 * A pin on the key finds it, and the gate must refuse it anyway.
 */
export function createUnfitCertificate(
  original: { readonly certificateDer: Uint8Array; readonly privateKeyPem: string },
  { unfitness, now }: { readonly unfitness: CertificateUnfitness; readonly now: Date },
): IssuedCertificate {
  const { subject } = AsnConvert.parse(original.certificateDer, Certificate).tbsCertificate;
  const privateKey = createPrivateKey(original.privateKeyPem);
  const keyPair = { privateKey, publicKey: createPublicKey(original.privateKeyPem) };
  return writeCertificate({
    subject,
    keyPair,
    period: createValidityPeriod(1, addDays(now, daysFromNow[unfitness] ?? 0)),
    extensions: createExtensions(keyPair, unfitness),
    issuer: subject,
    issuerKey: privateKey,
  });
}

/**
 * When the periods of one day begin, in days from now: a month ago and in a year. So none begins or ends during a run.
 */
const daysFromNow: Partial<Record<CertificateUnfitness, number>> = { expired: -30, 'not-yet-valid': 365 };

function createExtensions({ publicKey }: KeyPair, unfitness: CertificateUnfitness): readonly Extension[] {
  if (unfitness === 'ca-as-leaf') return createAuthorityExtensions(publicKey, 0);
  const usage = unfitness === 'wrong-usage' ? id_kp_serverAuth : id_kp_clientAuth;
  return createEndEntityExtensions(publicKey, { extendedKeyUsages: [usage], subjectAlternativeNames: [] });
}
