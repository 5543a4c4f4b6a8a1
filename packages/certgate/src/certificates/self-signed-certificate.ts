import { id_kp_clientAuth, id_kp_serverAuth } from '@peculiar/asn1-x509';
import { createEndEntityExtensions, type EndEntityUse } from './structure/create-extensions.js';
import { createDistinguishedName } from './structure/subject-name.js';
import { generateKeyPair, type KeyAlgorithm } from './structure/key-pair.js';
import { type AlternativeNames, createAlternativeNames, createHostName } from './structure/subject-alternative-name.js';
import { createValidityPeriod } from './structure/validity-period.js';
import { type IssuedCertificate, writeCertificate } from './structure/write-certificate.js';

interface SelfSignedCertificateProfile extends EndEntityUse {
  readonly commonName: string;
  readonly keyAlgorithm: KeyAlgorithm;
  /** Days from `now` until it expires, 1 to 3650. */
  readonly days: number;
  readonly now: Date;
}

/**
 * Makes a key and an end-entity certificate for it, signed with that same key. Throws ToolFailure if a value doesn't
 * fit the profile.
 */
function issueSelfSignedCertificate(profile: SelfSignedCertificateProfile): IssuedCertificate {
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

interface ClientCertificateOptions extends AlternativeNames {
  /** Becomes the common name of subject and issuer. 1 to 64 characters. */
  readonly name: string;
  /** Default `ec-p256`. */
  readonly keyAlgorithm?: KeyAlgorithm;
  /** Days from `now` until it expires, 1 to 3650. Default 365. */
  readonly days?: number;
  readonly now: Date;
}

/**
 * Makes a self-signed certificate whose only purpose is "TLS client". Throws ToolFailure for a value that a certificate
 * can't contain.
 */
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

interface ServerCertificateOptions {
  /** Days from `now` until it expires, 1 to 3650. Default 30. */
  readonly days?: number;
  readonly now: Date;
}

const loopbackHosts = ['localhost', '127.0.0.1', '::1'];

/**
 * The certificate of the local gateway, for the names of this machine's loopback: P-256, self-signed, for TLS servers
 * only. A client trusts it by taking the certificate itself as its anchor, so no authority that could sign for other
 * hosts is needed.
 */
export function createServerCertificate({ days = 30, now }: ServerCertificateOptions): IssuedCertificate {
  return issueSelfSignedCertificate({
    // Clients read the alternative names only (RFC 9525); the common name is for people.
    commonName: 'Certgate local gateway',
    keyAlgorithm: 'ec-p256',
    days,
    extendedKeyUsages: [id_kp_serverAuth],
    subjectAlternativeNames: loopbackHosts.map(createHostName),
    now,
  });
}
