import { AsnConvert } from '@peculiar/asn1-schema';
import { Certificate, id_ce_subjectAltName, id_kp_clientAuth } from '@peculiar/asn1-x509';
import { createEndEntityExtensions } from './structure/create-extensions.js';
import { generateKeyPair } from './structure/key-pair.js';
import { createValidityPeriod } from './structure/validity-period.js';
import { writeCertificate, type IssuedCertificate } from './structure/write-certificate.js';

/**
 * What a forger can make of somebody's certificate: its names, its serial number and a key of the forger's own. It is signed with that key.
 * `issuer` says whose name it gives as its issuer: its own, or that of the original's issuer.
 */
export function createLookalikeCertificate(
  originalDer: Uint8Array,
  { issuer, now }: { readonly issuer: 'itself' | 'of-original'; readonly now: Date },
): IssuedCertificate {
  const { tbsCertificate: original } = AsnConvert.parse(originalDer, Certificate);
  const keyPair = generateKeyPair('ec-p256');
  const names = original.extensions?.find(({ extnID }) => extnID === id_ce_subjectAltName);
  const use = { extendedKeyUsages: [id_kp_clientAuth], subjectAlternativeNames: [] };
  return writeCertificate({
    subject: original.subject,
    keyPair,
    period: createValidityPeriod(1, now),
    // Copied as it is: kinds of names that this tool does not write are part of the likeness.
    extensions: [...createEndEntityExtensions(keyPair.publicKey, use), ...(names === undefined ? [] : [names])],
    issuer: issuer === 'itself' ? original.subject : original.issuer,
    issuerKey: keyPair.privateKey,
    serialNumber: original.serialNumber,
  });
}
