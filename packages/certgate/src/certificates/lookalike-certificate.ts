import { AsnConvert } from '@peculiar/asn1-schema';
import {
  Certificate,
  id_ce_authorityKeyIdentifier,
  id_ce_subjectAltName,
  id_ce_subjectKeyIdentifier,
  id_kp_clientAuth,
} from '@peculiar/asn1-x509';
import { createEndEntityExtensions } from './structure/create-extensions.js';
import { generateKeyPair } from './structure/key-pair.js';
import { addDays, createValidityPeriod } from './structure/validity-period.js';
import { writeCertificate, type IssuedCertificate } from './structure/write-certificate.js';

export interface Likeness {
  /** The name that it gives as its issuer: its own subject, or the name of the original's issuer. */
  readonly issuer: 'itself' | 'of-original';
  /** Whether it copies the original's `subjectKeyIdentifier` and `authorityKeyIdentifier`. Default false. */
  readonly hasKeyIdentifiers?: boolean;
  readonly hasExpired?: boolean;
  readonly now: Date;
}

/**
 * Makes a certificate that a forger could make to look like somebody else's: with the original's names and serial
 * number, but with a key of its own, which also signs it.
 */
export function createLookalikeCertificate(
  originalDer: Uint8Array,
  { issuer, hasKeyIdentifiers = false, hasExpired = false, now }: Likeness,
): IssuedCertificate {
  const { tbsCertificate: original } = AsnConvert.parse(originalDer, Certificate);
  const keyPair = generateKeyPair('ec-p256');
  const copied = hasKeyIdentifiers
    ? [id_ce_subjectAltName, id_ce_subjectKeyIdentifier, id_ce_authorityKeyIdentifier]
    : [id_ce_subjectAltName];
  // Copied as they are, because the original may have kinds of names that this tool does not write.
  const copies = Array.from(original.extensions ?? []).filter(({ extnID }) => copied.includes(extnID));
  const own = createEndEntityExtensions(keyPair.publicKey, {
    extendedKeyUsages: [id_kp_clientAuth],
    subjectAlternativeNames: [],
  }).filter(({ extnID }) => copies.every((copy) => copy.extnID !== extnID));
  return writeCertificate({
    subject: original.subject,
    keyPair,
    period: createValidityPeriod(1, hasExpired ? addDays(now, -2) : now),
    extensions: [...own, ...copies],
    issuer: issuer === 'itself' ? original.subject : original.issuer,
    issuerKey: keyPair.privateKey,
    serialNumber: original.serialNumber,
  });
}
