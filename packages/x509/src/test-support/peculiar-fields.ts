import { isDeepStrictEqual } from 'node:util';
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
import { isStrongKey } from '../certificate/certificate-verification.js';
import type { GeneralName as OwnGeneralName } from '../certificate/general-name.js';
import type { PathCertificate } from '../certificate/path-certificate.js';

/** A certificate's fields in forms in which two decoders can be compared. Bytes are in hexadecimal. */
export type CertificateFields = Readonly<Record<string, unknown>>;

/** What @peculiar/asn1-x509, an independent decoder, reads. Throws if it cannot read the certificate. */
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

/**
 * Names of other forms are compared only by their presence. For directory names, the other decoder lacks our canonical
 * form.
 */
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

function readByUs(certificate: PathCertificate, keyLength: number): CertificateFields {
  const { basicConstraints, keyUsage, nameConstraints, policyConstraints, authorityKeyIdentifier } = certificate;
  return {
    version: certificate.version,
    serialNumber: certificate.serialNumber,
    // RFC 4514 §2.4 puts a # before a value that is not text. The other decoder omits it.
    subject: certificate.subjectName.flatMap((relative) =>
      relative.map(({ type, value, isEncoded }) => `${type}=${isEncoded === true ? value.slice(1) : value}`),
    ),
    notBefore: certificate.notBefore,
    notAfter: certificate.notAfter,
    // Only the key, which is the BIT STRING at the end.
    publicKey: toHex(certificate.verificationKey.subjectPublicKeyInfo.subarray(-keyLength)),
    signature: toHex(certificate.signed.signature),
    extensions: [...certificate.extensions].map(
      ([type, { isCritical, value }]) => `${type} ${isCritical} ${toHex(value)}`,
    ),
    basicConstraints: basicConstraints && [basicConstraints.isCertificateAuthority, basicConstraints.pathLength],
    keyUsage: keyUsage?.toSorted(),
    extendedKeyUsage: certificate.extendedKeyUsage,
    alternativeNames: certificate.subjectAlternativeNames?.map(showGeneralName),
    permitted: nameConstraints?.permitted?.map(showGeneralName),
    excluded: nameConstraints?.excluded.map(showGeneralName),
    policies: certificate.certificatePolicies,
    requireExplicitPolicy: policyConstraints?.requireExplicitPolicy,
    subjectKeyIdentifier: certificate.subjectKeyIdentifier,
    authorityKeyIdentifier: authorityKeyIdentifier?.keyIdentifier,
  };
}

function showGeneralName(name: OwnGeneralName): string {
  return 'text' in name ? name.text : 'another form';
}

export interface Disagreement {
  readonly why: string;
  readonly applies: (certificate: PathCertificate) => boolean;
  /**
   * A replacement of one octet in the example of the tests, which causes the disagreement. In hexadecimal, with the
   * octets around it.
   */
  readonly change: readonly [from: string, to: string];
}

const opaqueAttribute: Disagreement = {
  why: 'An attribute value is of ANY type (RFC 5280 §4.1.2.4): one that is not text we compare as it is encoded, and never look into it.',
  applies: (certificate) => {
    const directories = listGeneralNames(certificate).flatMap((name) => ('name' in name ? [name.name] : []));
    return [certificate.issuer, certificate.subject, ...directories].some(({ relativeNames }) =>
      relativeNames.some((relative) => /(?:^|\+)[\d.]+#/.test(relative)),
    );
  },
  change: ['06035504030c', '0603550403ac'],
};

/** Reasons why the other decoder refuses what we accept, or reads another subject. */
export const disagreements: readonly Disagreement[] = [
  opaqueAttribute,
  {
    why: 'Names of forms that nothing processes (otherName, x400Address, ediPartyName) we keep as encoded; under a constraint on their form they are refused.',
    applies: (certificate) => listGeneralNames(certificate).some((name) => 'encoded' in name),
    change: ['8213636c69656e74', 'a313636c69656e74'],
  },
  {
    why: 'An algorithm’s parameters are of ANY type: a key of an unknown algorithm or curve is left to OpenSSL, which verifies nothing with it, and strict refuses it.',
    applies: ({ publicKey }) => !isStrongKey(publicKey),
    change: ['06082a8648ce3d0301', 'ac082a8648ce3d0301'],
  },
];

function listGeneralNames({
  nameConstraints,
  subjectAlternativeNames = [],
}: PathCertificate): readonly OwnGeneralName[] {
  return [...(nameConstraints?.permitted ?? []), ...(nameConstraints?.excluded ?? []), ...subjectAlternativeNames];
}

/** Whether the field has an object identifier with a number of 16 digits or more, which the other decoder may round. */
function hasLargeArc(field: unknown): boolean {
  return field !== undefined && /\.\d{16,}/.test(JSON.stringify(field));
}

/**
 * How the other decoder's result differs from `ours`. Undefined if it does not differ, or if the other decoder refuses
 * for a known reason, which `seen` gets. The issuer is not compared, because we keep its attributes only in canonical
 * form.
 */
export function findDecodingDifference(
  der: Uint8Array,
  ours: PathCertificate,
  seen?: Set<Disagreement>,
): string | undefined {
  let theirs: CertificateFields;
  try {
    theirs = readByPeculiar(der);
  } catch (error) {
    const explained = disagreements.find(({ applies }) => applies(ours));
    if (explained === undefined) return String(error);
    seen?.add(explained);
    return undefined;
  }
  const read = readByUs(ours, String(theirs['publicKey']).length / 2);
  const unread = ['issuer', ...(opaqueAttribute.applies(ours) ? ['subject'] : [])];
  const different = Object.keys({ ...read, ...theirs }).filter(
    (field) => !unread.includes(field) && !hasLargeArc(read[field]) && !isDeepStrictEqual(read[field], theirs[field]),
  );
  return different.length === 0
    ? undefined
    : different
        .map((field) => `${field} ${JSON.stringify(read[field])} and ${JSON.stringify(theirs[field])}`)
        .join(', ');
}
