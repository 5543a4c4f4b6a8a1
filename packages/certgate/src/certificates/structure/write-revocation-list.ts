import { AsnConvert } from '@peculiar/asn1-schema';
import {
  CertificateList,
  CRLNumber,
  CRLReason,
  CRLReasons,
  id_ce_cRLNumber,
  id_ce_cRLReasons,
  RevokedCertificate,
  TBSCertList,
  Time,
  Version,
} from '@peculiar/asn1-x509';
import { createAuthorityKeyIdentifier, createExtension } from './create-extensions.js';
import { readAuthorityFacts, type CertificateIssuer } from './certificate-issuer.js';
import { type RevocationReasonChoice } from './certificate-choices.js';
import { getSignatureAlgorithm, signStructure, toArrayBuffer } from './sign-structure.js';

export interface Revocation {
  /** In hexadecimal, without separators. */
  readonly serialNumber: string;
  readonly revokedAt: Date;
  readonly reason: RevocationReasonChoice;
}

export interface RevocationListContent {
  readonly issuer: Omit<CertificateIssuer, 'issuers'>;
  /** The list's number, which must rise with every list of the authority (RFC 5280 §5.2.3). */
  readonly number: number;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  readonly revocations: readonly Revocation[];
}

/** Writes a complete list of version 2 in DER (RFC 5280 §5), for everything that the authority issued. */
export function writeRevocationList(content: RevocationListContent): Buffer {
  const { subject, keyIdentifier } = readAuthorityFacts(content.issuer.certificateDer);
  const { identifier } = getSignatureAlgorithm(content.issuer.privateKey);
  const revokedCertificates = content.revocations.map(createEntry);
  const tbsCertList = new TBSCertList({
    version: Version.v2,
    signature: identifier,
    issuer: subject,
    thisUpdate: new Time(content.thisUpdate),
    nextUpdate: new Time(content.nextUpdate),
    // §5.1.2.6: the field must be absent if the list is empty.
    ...(revokedCertificates.length === 0 ? {} : { revokedCertificates }),
    crlExtensions: [
      createAuthorityKeyIdentifier(keyIdentifier),
      createExtension(id_ce_cRLNumber, false, new CRLNumber(content.number)),
    ],
  });
  const list = new CertificateList({
    tbsCertList,
    signatureAlgorithm: identifier,
    signature: signStructure(tbsCertList, content.issuer.privateKey),
  });
  return Buffer.from(AsnConvert.serialize(list));
}

function createEntry({ serialNumber, revokedAt, reason }: Revocation): RevokedCertificate {
  return new RevokedCertificate({
    userCertificate: toArrayBuffer(Buffer.from(serialNumber, 'hex')),
    revocationDate: new Time(revokedAt),
    // §5.3.1: the reason `unspecified` should be expressed by leaving the extension out.
    ...(reason === 'unspecified'
      ? {}
      : { crlEntryExtensions: [createExtension(id_ce_cRLReasons, false, new CRLReason(CRLReasons[reason]))] }),
  });
}
