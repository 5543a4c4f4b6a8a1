import { createEndEntityExtensions, type EndEntityUse } from './certificate-extensions.js';
import { createDistinguishedName } from './distinguished-name.js';
import { generateKeyPair, type KeyAlgorithm } from './key-pair.js';
import { createValidityPeriod } from './validity-period.js';
import { writeCertificate, type IssuedCertificate } from './write-certificate.js';

export interface SelfSignedCertificateProfile extends EndEntityUse {
  readonly commonName: string;
  readonly keyAlgorithm: KeyAlgorithm;
  /** 1 to 3650, counted from `now`. */
  readonly days: number;
  readonly now: Date;
}

/**
 * Makes a key and an end-entity certificate over it, signed with that same key.
 * Throws CommandFailure when a value doesn't fit the profile.
 */
export function issueSelfSignedCertificate(profile: SelfSignedCertificateProfile): IssuedCertificate {
  const subject = createDistinguishedName({ commonName: profile.commonName });
  const period = createValidityPeriod(profile.days, profile.now);
  const keyPair = generateKeyPair(profile.keyAlgorithm);
  return writeCertificate({
    subject,
    keyPair,
    period,
    extensions: createEndEntityExtensions(keyPair.publicKey, profile),
    issuer: subject,
    issuerKey: keyPair.privateKey,
  });
}
