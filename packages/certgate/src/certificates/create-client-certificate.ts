import { id_kp_clientAuth } from '@peculiar/asn1-x509';
import type { KeyAlgorithm } from './key-pair.js';
import { issueSelfSignedCertificate } from './self-signed-certificate.js';
import { createAlternativeNames, type AlternativeNames } from './subject-alternative-name.js';
import type { IssuedCertificate } from './write-certificate.js';

export interface ClientCertificateOptions extends AlternativeNames {
  /** Becomes the common name of subject and issuer. 1 to 64 characters. */
  readonly name: string;
  /** Default `ec-p256`. */
  readonly keyAlgorithm?: KeyAlgorithm;
  /** Days from `now` until it expires, 1 to 3650. Default 365. */
  readonly days?: number;
  readonly now: Date;
}

/** A self-signed certificate that says "TLS client" and nothing more. Throws CommandFailure on a value it can't carry. */
export function createClientCertificate(options: ClientCertificateOptions): IssuedCertificate {
  return issueSelfSignedCertificate({
    commonName: options.name,
    keyAlgorithm: options.keyAlgorithm ?? 'ec-p256',
    days: options.days ?? 365,
    extendedKeyUsages: [id_kp_clientAuth],
    subjectAlternativeNames: createAlternativeNames(options),
    now: options.now,
  });
}
