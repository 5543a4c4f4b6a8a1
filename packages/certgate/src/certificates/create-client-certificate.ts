import { id_kp_clientAuth } from '@peculiar/asn1-x509';
import type { KeyAlgorithm } from './key-pair.js';
import { issueSelfSignedCertificate, type IssuedCertificate } from './self-signed-certificate.js';
import { createDnsName, createEmailName, createUriName } from './subject-alternative-name.js';

export interface ClientCertificateOptions {
  /** Becomes the common name of subject and issuer. 1 to 64 characters. */
  readonly name: string;
  /** Default `ec-p256`. */
  readonly keyAlgorithm?: KeyAlgorithm;
  /** Days from `now` until it expires, 1 to 3650. Default 365. */
  readonly days?: number;
  readonly dns?: readonly string[];
  readonly uri?: readonly string[];
  readonly email?: readonly string[];
  readonly now: Date;
}

/** A self-signed certificate that says "TLS client" and nothing more. Throws CommandFailure on a value it can't carry. */
export function createClientCertificate(options: ClientCertificateOptions): IssuedCertificate {
  return issueSelfSignedCertificate({
    commonName: options.name,
    keyAlgorithm: options.keyAlgorithm ?? 'ec-p256',
    days: options.days ?? 365,
    extendedKeyUsage: id_kp_clientAuth,
    subjectAlternativeNames: [
      ...(options.dns ?? []).map(createDnsName),
      ...(options.uri ?? []).map(createUriName),
      ...(options.email ?? []).map(createEmailName),
    ],
    now: options.now,
  });
}
