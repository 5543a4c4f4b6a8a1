import { X509Certificate, type KeyObject } from 'node:crypto';
import { AsnConvert } from '@peculiar/asn1-schema';
import {
  BasicConstraints,
  Certificate,
  id_ce_basicConstraints,
  id_ce_nameConstraints,
  id_ce_subjectKeyIdentifier,
  NameConstraints,
  SubjectKeyIdentifier,
  type GeneralSubtree,
  type Name,
} from '@peculiar/asn1-x509';
import type { ValidityPeriod } from './validity-period.js';

/** An authority that can sign: its certificate, its key, and the certificates from its own issuer up to the root. */
export interface CertificateIssuer {
  readonly certificateDer: Buffer;
  readonly privateKey: KeyObject;
  readonly issuers: readonly Buffer[];
}

/** The facts in an authority's certificate that decide what the authority may sign. */
export interface AuthorityFacts extends ValidityPeriod {
  /** The common name of the authority's subject. */
  readonly name: string;
  readonly subject: Name;
  readonly keyIdentifier: Buffer;
  /** How many authorities a path may contain below it. Undefined if any number is allowed. */
  readonly pathLength: number | undefined;
  /** The names that it may issue for. Undefined if all names are allowed. */
  readonly permittedNames: readonly GeneralSubtree[] | undefined;
}

/** Reads the facts from a certificate that `createAuthority` made. */
export function readAuthorityFacts(certificateDer: Uint8Array): AuthorityFacts {
  const { tbsCertificate } = AsnConvert.parse(certificateDer, Certificate);
  const find = <T>(oid: string, type: new () => T): T | undefined => {
    const extension = tbsCertificate.extensions?.find(({ extnID }) => extnID === oid);
    return extension === undefined ? undefined : AsnConvert.parse(extension.extnValue.buffer, type);
  };
  const keyIdentifier = find(id_ce_subjectKeyIdentifier, SubjectKeyIdentifier);
  const constraints = find(id_ce_basicConstraints, BasicConstraints);
  if (keyIdentifier === undefined || constraints?.cA !== true)
    throw new Error('this is not a certificate of an authority');
  const permitted = find(id_ce_nameConstraints, NameConstraints)?.permittedSubtrees;
  return {
    name: findCommonName(tbsCertificate.subject) ?? '',
    subject: tbsCertificate.subject,
    keyIdentifier: Buffer.from(keyIdentifier.buffer),
    pathLength: constraints.pathLenConstraint,
    permittedNames: permitted === undefined ? undefined : [...permitted],
    notBefore: tbsCertificate.validity.notBefore.getTime(),
    notAfter: tbsCertificate.validity.notAfter.getTime(),
  };
}

export function findCommonName(name: Name): string | undefined {
  const attribute = [...name].flatMap((part) => [...part]).find(({ type }) => type === '2.5.4.3');
  return attribute?.value.toString();
}

/** Whether the authority's key signed the certificate, and the certificate names the authority as its issuer. */
export function isIssuedBy(certificateDer: Uint8Array, authorityDer: Uint8Array): boolean {
  const certificate = new X509Certificate(certificateDer);
  const authority = new X509Certificate(authorityDer);
  return certificate.checkIssued(authority) && certificate.verify(authority.publicKey);
}
