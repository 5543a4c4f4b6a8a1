import { id_kp_clientAuth } from '@peculiar/asn1-x509';
import { createEndEntityExtensions } from './structure/create-extensions.js';
import { generateKeyPair, type KeyAlgorithm } from './structure/key-pair.js';
import { createDistinguishedName } from './structure/subject-name.js';
import { createValidityPeriod } from './structure/validity-period.js';
import { writeCertificate, type IssuedCertificate } from './structure/write-certificate.js';

interface UnknownCertificate {
  readonly keyAlgorithm: KeyAlgorithm;
  /** `unknown-authority` signs with a key of its own, which is then discarded. */
  readonly issuer: 'itself' | 'unknown-authority';
  readonly now: Date;
}

/** Makes a client certificate for one day, with names that no app knows. */
export function createUnknownCertificate({ keyAlgorithm, issuer, now }: UnknownCertificate): IssuedCertificate {
  const keyPair = generateKeyPair(keyAlgorithm);
  const subject = createDistinguishedName({ commonName: 'certgate-doctor unknown caller' });
  const use = { extendedKeyUsages: [id_kp_clientAuth], subjectAlternativeNames: [] };
  return writeCertificate({
    subject,
    keyPair,
    period: createValidityPeriod(1, now),
    extensions: createEndEntityExtensions(keyPair.publicKey, use),
    ...(issuer === 'itself'
      ? { issuer: subject, issuerKey: keyPair.privateKey }
      : {
          issuer: createDistinguishedName({ commonName: 'certgate-doctor unknown authority' }),
          issuerKey: generateKeyPair('ec-p256').privateKey,
        }),
  });
}
