import { type IssuedCertificate, issueCertificate } from '@certgate/x509/test-support/issued-certificates.js';
import type { CertificateRequest } from '@certgate/x509/test-support/certificates.js';

// Certificates as several issuers make them by default, made by openssl. docs/short-lived-certificates.md has a
// document for each issuer.

export interface IssuerProfile {
  readonly authority: IssuedCertificate;
  /** Issues a caller's certificate in base64. `special` replaces parts of the profile. */
  readonly issue: (special?: Partial<CallerProfile>) => string;
}

export interface CallerProfile {
  /** Lines of the subject; the subject is empty if there are none. */
  readonly subject: readonly string[];
  /** The value of the subject alternative name in openssl's notation. */
  readonly names: string;
  readonly extendedKeyUsage: string;
  /** Further extensions. */
  readonly more: readonly string[];
  readonly notBefore: string;
  readonly notAfter: string;
}

/**
 * What distinguishes the profiles. The extensions have the order of Go's library: key usage, extended key usage, basic
 * constraints, key identifiers, names, and then `more`.
 */
interface ProfileShape {
  readonly authority: Pick<CertificateRequest, 'name' | 'extensions'>;
  readonly caller: CallerProfile;
  readonly keyUsage: string;
  readonly hasBasicConstraints: boolean;
  readonly hasSubjectKeyIdentifier: boolean;
  readonly key: 'p-256' | 'rsa-2048';
  readonly sections?: readonly string[];
}

const authorityExtensions = [
  'keyUsage = critical, keyCertSign, cRLSign',
  'basicConstraints = critical, CA:TRUE',
  'subjectKeyIdentifier = hash',
];

function createProfile({ authority: made, caller, ...shape }: ProfileShape): IssuerProfile {
  const authority = issueCertificate({ key: 'p-384', ...made });
  return {
    authority,
    issue: (special = {}) => {
      const { subject, names, extendedKeyUsage, more, notBefore, notAfter } = { ...caller, ...special };
      const extensions = [
        `keyUsage = critical, ${shape.keyUsage}`,
        ...(extendedKeyUsage === '' ? [] : [`extendedKeyUsage = ${extendedKeyUsage}`]),
        ...(shape.hasBasicConstraints ? ['basicConstraints = critical, CA:FALSE'] : []),
        `subjectKeyIdentifier = ${shape.hasSubjectKeyIdentifier ? 'hash' : 'none'}`,
        'authorityKeyIdentifier = keyid',
        ...(names === '' ? [] : [`subjectAltName = ${names}`]),
        ...more,
      ];
      const { certificate } = issueCertificate(
        {
          key: shape.key,
          name: subject,
          extensions,
          sections: shape.sections ?? [],
          notBefore,
          notAfter,
        },
        authority,
      );
      return Buffer.from(certificate.der).toString('base64');
    },
  };
}

const defaults = { extendedKeyUsage: 'serverAuth, clientAuth', more: [] } as const;

/** A certificate for an hour, which began ten seconds ago. */
export const createSpireProfile = (): IssuerProfile =>
  createProfile({
    authority: {
      name: ['C = US', 'O = SPIFFE', 'serialNumber = 12345678901234567890'],
      extensions: [...authorityExtensions, 'subjectAltName = URI:spiffe://corp.example'],
    },
    caller: {
      ...defaults,
      subject: ['C = US', 'O = SPIRE'],
      names: 'URI:spiffe://corp.example/billing',
      notBefore: '20261231235950Z',
      notAfter: '20270101010000Z',
    },
    keyUsage: 'digitalSignature, keyEncipherment, keyAgreement',
    hasBasicConstraints: true,
    hasSubjectKeyIdentifier: true,
    key: 'p-256',
  });

/**
 * A certificate for 90 days, with `usages: [digital signature, key encipherment, client auth]`, `dnsNames`, and no
 * `commonName`.
 */
export const createCertManagerProfile = (): IssuerProfile =>
  createProfile({
    authority: {
      name: ['CN = corp-ca'],
      extensions: [
        'keyUsage = critical, digitalSignature, keyEncipherment, keyCertSign',
        ...authorityExtensions.slice(1),
      ],
    },
    caller: {
      ...defaults,
      extendedKeyUsage: 'clientAuth',
      subject: [],
      names: 'critical, DNS:billing.corp.example',
      notBefore: '20270101000000Z',
      notAfter: '20270401000000Z',
    },
    keyUsage: 'digitalSignature, keyEncipherment',
    hasBasicConstraints: true,
    hasSubjectKeyIdentifier: false,
    key: 'rsa-2048',
  });

/** A certificate of a role with `ttl=1h`, which began 30 seconds ago. Its common name is also a DNS name. */
export const createVaultProfile = (): IssuerProfile =>
  createProfile({
    authority: { name: ['CN = corp.example'], extensions: authorityExtensions },
    caller: {
      ...defaults,
      subject: ['CN = billing.corp.example'],
      names: 'DNS:billing.corp.example',
      notBefore: '20261231235930Z',
      notAfter: '20270101010000Z',
    },
    keyUsage: 'digitalSignature, keyEncipherment, keyAgreement',
    hasBasicConstraints: false,
    hasSubjectKeyIdentifier: true,
    key: 'rsa-2048',
  });

/** A certificate for a day by a JWK provisioner, which began a minute ago. */
export const createStepProfile = (): IssuerProfile =>
  createProfile({
    authority: {
      name: ['O = Corp', 'CN = Corp Intermediate CA'],
      extensions: ['keyUsage = critical, keyCertSign, cRLSign', 'basicConstraints = critical, CA:TRUE, pathlen:0', 'subjectKeyIdentifier = hash'], // prettier-ignore
    },
    caller: {
      ...defaults,
      subject: ['CN = billing.corp.example'],
      names: 'DNS:billing.corp.example',
      more: ['1.3.6.1.4.1.37476.9000.64.1 = ASN1:SEQUENCE:provisioner'],
      notBefore: '20261231235900Z',
      notAfter: '20270102000000Z',
    },
    keyUsage: 'digitalSignature',
    hasBasicConstraints: false,
    hasSubjectKeyIdentifier: true,
    key: 'p-256',
    sections: ['[provisioner]', 'type = INTEGER:1', 'name = OCTETSTRING:admin', 'credential = OCTETSTRING:key-1'],
  });

const ldap = 'URI:ldap:///CN=Corp%20Issuing%20CA,CN=pki,CN=CDP,CN=Public%20Key%20Services,CN=Services,CN=Configuration,DC=corp,DC=example?certificateRevocationList?base?objectClass=cRLDistributionPoint'; // prettier-ignore

/** A certificate for a year by a template of version 2 for computers. */
export const createAdCsProfile = (): IssuerProfile =>
  createProfile({
    authority: {
      name: ['DC = example', 'DC = corp', 'CN = Corp Issuing CA'],
      extensions: ['keyUsage = digitalSignature, keyCertSign, cRLSign', ...authorityExtensions.slice(1), '1.3.6.1.4.1.311.21.1 = ASN1:INTEGER:0'], // prettier-ignore
    },
    caller: {
      ...defaults,
      extendedKeyUsage: 'clientAuth',
      subject: ['CN = billing.corp.example'],
      names: 'DNS:billing.corp.example',
      more: [
        '1.3.6.1.4.1.311.21.7 = ASN1:SEQUENCE:template',
        '1.3.6.1.4.1.311.21.10 = ASN1:SEQUENCE:policies',
        `crlDistributionPoints = crldp`,
        'authorityInfoAccess = caIssuers;URI:ldap:///CN=Corp%20Issuing%20CA',
        '1.3.6.1.4.1.311.25.2 = ASN1:SEQUENCE:security',
      ],
      notBefore: '20261201000000Z',
      notAfter: '20271201000000Z',
    },
    keyUsage: 'digitalSignature, keyEncipherment',
    hasBasicConstraints: false,
    hasSubjectKeyIdentifier: true,
    key: 'rsa-2048',
    sections: [
      '[template]', 'id = OID:1.3.6.1.4.1.311.21.8.1.2.3.4.5.6.7.8', 'major = INTEGER:100', 'minor = INTEGER:4',
      '[policies]', 'one = SEQUENCE:policy', '[policy]', 'id = OID:1.3.6.1.5.5.7.3.2',
      '[crldp]', 'fullname = @names', '[names]', `URI = ${ldap.slice(4)}`,
      '[security]', 'other = IMPLICIT:0,SEQUENCE:sid',
      '[sid]', 'type = OID:1.3.6.1.4.1.311.25.2.1', 'value = EXPLICIT:0,OCTETSTRING:S-1-5-21-1004336348-1177238915-682003330-1104',
    ], // prettier-ignore
  });
