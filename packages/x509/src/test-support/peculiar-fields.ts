import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import {
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  CertificatePolicies,
  ExtendedKeyUsage,
  type GeneralName,
  KeyUsage,
  NameConstraints,
  PolicyConstraints,
  SubjectAlternativeName,
  SubjectKeyIdentifier,
} from '@peculiar/asn1-x509';

/** A certificate's fields in forms that two decoders can be compared in; bytes in hexadecimal. */
export type CertificateFields = Readonly<Record<string, unknown>>;

/** What @peculiar/asn1-x509, a decoder of other people's, reads. Throws at what it can't. */
export function readByPeculiar(der: Uint8Array): CertificateFields {
  const { tbsCertificate, signatureValue } = AsnConvert.parse(der, Certificate);
  const { validity } = tbsCertificate;
  const extensions = Array.from(tbsCertificate.extensions ?? []);
  const find = <T, R>(type: string, model: new () => T, show: (value: T) => R): R | undefined => {
    const found = extensions.find(({ extnID }) => extnID === type);
    return found === undefined ? undefined : show(AsnConvert.parse(found.extnValue.buffer, model));
  };
  return {
    version: tbsCertificate.version + 1,
    serialNumber: toHex(tbsCertificate.serialNumber),
    issuer: readNames(tbsCertificate.issuer),
    subject: readNames(tbsCertificate.subject),
    notBefore: validity.notBefore.getTime().getTime(),
    notAfter: validity.notAfter.getTime().getTime(),
    publicKey: toHex(tbsCertificate.subjectPublicKeyInfo.subjectPublicKey),
    signature: toHex(signatureValue),
    extensions: extensions.map(({ extnID, critical, extnValue }) => `${extnID} ${critical} ${toHex(extnValue.buffer)}`),
    basicConstraints: find('2.5.29.19', BasicConstraints, ({ cA, pathLenConstraint }) => [cA, pathLenConstraint]),
    keyUsage: find('2.5.29.15', KeyUsage, (usage) =>
      usage
        .toJSON()
        .map((bit) => (bit === 'crlSign' ? 'cRLSign' : bit))
        .sort(),
    ),
    extendedKeyUsage: find('2.5.29.37', ExtendedKeyUsage, (usages) => [...usages]),
    alternativeNames: find('2.5.29.17', SubjectAlternativeName, (names) => Array.from(names, readGeneralName)),
    permitted: find(
      '2.5.29.30',
      NameConstraints,
      ({ permittedSubtrees }) =>
        permittedSubtrees && Array.from(permittedSubtrees, ({ base }) => readGeneralName(base)),
    ),
    excluded: find('2.5.29.30', NameConstraints, ({ excludedSubtrees }) =>
      Array.from(excludedSubtrees ?? [], ({ base }) => readGeneralName(base)),
    ),
    policies: find('2.5.29.32', CertificatePolicies, (list) =>
      Array.from(list, ({ policyIdentifier }) => policyIdentifier),
    ),
    requireExplicitPolicy: find('2.5.29.36', PolicyConstraints, ({ requireExplicitPolicy }) =>
      requireExplicitPolicy === undefined ? undefined : Number(`0x${toHex(requireExplicitPolicy)}`),
    ),
    subjectKeyIdentifier: find('2.5.29.14', SubjectKeyIdentifier, ({ buffer }) => toHex(buffer)),
    authorityKeyIdentifier: find('2.5.29.35', AuthorityKeyIdentifier, ({ keyIdentifier }) =>
      keyIdentifier === undefined ? undefined : toHex(keyIdentifier.buffer),
    ),
  };
}

function readNames(names: Certificate['tbsCertificate']['issuer']): readonly string[] {
  return Array.from(names).flatMap((relative) =>
    Array.from(relative, ({ type, value }) => `${type}=${value.toString()}`),
  );
}

/** Directory names are compared in our canonical form, which other decoders don't have: that they are there must do. */
function readGeneralName({ dNSName, rfc822Name, uniformResourceIdentifier }: GeneralName): string {
  return dNSName ?? rfc822Name ?? uniformResourceIdentifier ?? 'another form';
}

function toHex(bytes: ArrayBuffer | ArrayBufferView | OctetString): string {
  if (bytes instanceof OctetString) return toHex(bytes.buffer);
  const view = ArrayBuffer.isView(bytes)
    ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    : Buffer.from(bytes);
  return view.toString('hex').toUpperCase();
}
