// certificates/: makes and reads certificates, private keys and passwords.

import type { KeyObject } from 'node:crypto';
import {
  type CertificateFaultCode,
  decodeClientCertificate,
  describeCertificateFault,
  listCertificateFaults,
} from '@certgate/core/internal';
import { ToolFailure } from '#local/tool-failure.js';
import { createAuthorityKeyIdentifier, createEndEntityExtensions } from './structure/create-extensions.js';
import { readAuthorityFacts, type CertificateIssuer } from './structure/certificate-issuer.js';
import { refuseOwnName } from './create-authority.js';
import { createDistinguishedName, type SubjectParts } from './structure/subject-name.js';
import { usualDays, type ExtendedKeyUsageName } from './structure/certificate-choices.js';
import { getUsageOid } from './structure/extended-key-usage.js';
import { generateKeyPair, type KeyAlgorithm } from './structure/key-pair.js';
import { checkPermittedNames } from './structure/permitted-names.js';
import { createAlternativeNames, type AlternativeNames } from './structure/subject-alternative-name.js';
import { createPeriodWithin, type DaysWanted } from './structure/validity-period.js';
import { signCertificate, type IssuedCertificate, type SignedCertificate } from './structure/write-certificate.js';

interface IssuedContent extends SubjectParts, AlternativeNames {
  readonly issuer: CertificateIssuer;
  /** How many days it is valid. Default: 90, or fewer if the authority ends before. */
  readonly wanted?: DaysWanted;
  /** Default `clientAuth`. */
  readonly usages?: readonly ExtendedKeyUsageName[];
  readonly now: Date;
}

export interface IssueOptions extends IssuedContent {
  /** Default `ec-p256`. */
  readonly keyAlgorithm?: KeyAlgorithm;
}

/** Makes a key, and a certificate for it with `certifyKey`. */
export function issueCertificate({ keyAlgorithm, ...content }: IssueOptions): IssuedCertificate {
  const { publicKey, privateKey } = generateKeyPair(keyAlgorithm ?? 'ec-p256');
  const privateKeyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return { ...certifyKey({ ...content, publicKey }), privateKeyPem };
}

/**
 * Makes an end-entity certificate for a key, signed by an authority. Throws ToolFailure for a value that is not valid,
 * for what the authority may not sign (names outside its constraints or those of its issuers, an end beyond its own),
 * and for a key that the gate's checks refuse.
 */
export function certifyKey(options: IssuedContent & { readonly publicKey: KeyObject }): SignedCertificate {
  const { issuer, publicKey, now } = options;
  const authority = readAuthorityFacts(issuer.certificateDer);
  const path = [authority, ...issuer.issuers.map((der) => readAuthorityFacts(der))];
  const subject = createDistinguishedName(options);
  const subjectAlternativeNames = createAlternativeNames(options);
  refuseOwnName(options.commonName, authority.name);
  checkPermittedNames(subjectAlternativeNames, options.commonName, path);
  const period = createPeriodWithin(authority, options.wanted ?? { atMostDays: usualDays }, now);
  const extendedKeyUsages = (options.usages ?? ['clientAuth']).map(getUsageOid);
  const signed = signCertificate({
    subject,
    publicKey,
    period,
    extensions: [
      ...createEndEntityExtensions(publicKey, { extendedKeyUsages, subjectAlternativeNames }),
      createAuthorityKeyIdentifier(authority.keyIdentifier),
    ],
    issuer: authority.subject,
    issuerKey: issuer.privateKey,
  });
  refuseUnfitKey(signed, now);
  return signed;
}

const keyFaults: readonly string[] = [
  'certificate_key_unsupported',
  'certificate_key_too_weak',
  'algorithm_unsupported_by_runtime',
] satisfies readonly CertificateFaultCode[];

/**
 * Throws ToolFailure if the gate's own checks refuse the certificate's key on this runtime. They read the key from a
 * certificate.
 */
function refuseUnfitKey({ certificateDer }: SignedCertificate, now: Date): void {
  const decoding = decodeClientCertificate(certificateDer);
  if (!decoding.ok) throw new ToolFailure(`The key can't be used: ${decoding.fault}. Nothing was issued.`);
  const fault = listCertificateFaults(decoding.certificate, now.getTime()).find(({ code }) => keyFaults.includes(code));
  if (fault !== undefined) throw new ToolFailure(`${describeCertificateFault(fault)} Nothing was issued.`);
}
