// certificates/: makes and reads certificates, private keys and passwords.

import { createAuthorityKeyIdentifier, createEndEntityExtensions } from './structure/create-extensions.js';
import { readAuthorityFacts, type CertificateIssuer } from './structure/certificate-issuer.js';
import { refuseOwnName } from './create-authority.js';
import { createDistinguishedName, type SubjectName } from './structure/subject-name.js';
import { usualDays, type ExtendedKeyUsageName } from './structure/certificate-choices.js';
import { getUsageOid } from './structure/extended-key-usage.js';
import { generateKeyPair, type KeyAlgorithm } from './structure/key-pair.js';
import { checkPermittedNames } from './structure/permitted-names.js';
import { createAlternativeNames, type AlternativeNames } from './structure/subject-alternative-name.js';
import { createPeriodWithin, type DaysWanted } from './structure/validity-period.js';
import { writeCertificate, type IssuedCertificate } from './structure/write-certificate.js';

export interface IssueOptions extends SubjectName, AlternativeNames {
  readonly issuer: CertificateIssuer;
  /** Default `ec-p256`. */
  readonly keyAlgorithm?: KeyAlgorithm;
  /** Default: 90 days, fewer where the authority ends before. */
  readonly wanted?: DaysWanted;
  /** Default `clientAuth`. */
  readonly usages?: readonly ExtendedKeyUsageName[];
  readonly now: Date;
}

/**
 * Makes a key and an end-entity certificate over it, signed by an authority. Throws ToolFailure for what the authority
 * may not sign: names outside its constraints or those of its issuers, an end beyond its own.
 */
export function issueCertificate(options: IssueOptions): IssuedCertificate {
  const { issuer, now } = options;
  const authority = readAuthorityFacts(issuer.certificateDer);
  const path = [authority, ...issuer.issuers.map((der) => readAuthorityFacts(der))];
  const subject = createDistinguishedName(options);
  const subjectAlternativeNames = createAlternativeNames(options);
  refuseOwnName(options.commonName, authority.name);
  checkPermittedNames(subjectAlternativeNames, options.commonName, path);
  const period = createPeriodWithin(authority, options.wanted ?? { atMostDays: usualDays }, now);
  const keyPair = generateKeyPair(options.keyAlgorithm ?? 'ec-p256');
  const extendedKeyUsages = (options.usages ?? ['clientAuth']).map(getUsageOid);
  return writeCertificate({
    subject,
    keyPair,
    period,
    extensions: [
      ...createEndEntityExtensions(keyPair.publicKey, { extendedKeyUsages, subjectAlternativeNames }),
      createAuthorityKeyIdentifier(authority.keyIdentifier),
    ],
    issuer: authority.subject,
    issuerKey: issuer.privateKey,
  });
}
