import {
  areNamesEqual,
  type CanonicalName,
  decodeCanonicalName,
  formatDistinguishedName,
} from './distinguished-name.js';
import {
  decodeDistinguishedName,
  type DistinguishedName,
  type CertificatePublicKey,
  decodePublicKey,
  type CertificateExtension,
  type CertificateStructure,
  decodeCertificateStructure,
} from './certificate.js';
import {
  type BasicConstraints,
  type CertificateExtensions,
  type CertificateFields,
  type ClientCertificate,
  decodeBasicConstraints,
  decodeExtendedKeyUsage,
  decodeKeyUsage,
  hashHex,
  KeptFields,
  type KeyUsage,
} from './client-certificate.js';
import {
  decodeCertificatePolicies,
  decodeInhibitAnyPolicy,
  decodeNameConstraints,
  decodePolicyConstraints,
  decodePolicyMappings,
  hasKnownQualifiers,
  type NameConstraints,
  type PolicyConstraints,
  type PolicyMapping,
} from './path-extensions.js';
import {
  areOctetsEqual,
  type DerDecoding,
  DerReader,
  contextConstructed,
  contextPrimitive,
  decodeInteger,
  derTags,
  readDer,
  readSingle,
  refuseDer,
  toHex,
  enterSequence,
} from '../encoding/der.js';
import { type ArgumentRule, decodedBy, expectArgument, isObject, octets } from '../encoding/own-members.js';
import { type GeneralName, decodeGeneralNames } from './general-name.js';
import { type DistributionPoint, decodeDistributionPoints } from './distribution-point.js';
import { type SignatureAlgorithm, decodeSignatureAlgorithm } from './signature-algorithm.js';
import { type SignedData, VerificationKey } from './signature-verification.js';

/** A certificate as path validation reads it (RFC 5280 §6), with every extension that a path depends on, decoded. */
export interface PathCertificate extends PathExtensions {
  readonly der: Uint8Array;
  readonly version: 1 | 2 | 3;
  /** The INTEGER's content as encoded, in upper-case hexadecimal. */
  readonly serialNumber: string;
  readonly issuer: CanonicalName;
  readonly subject: CanonicalName;
  readonly subjectName: DistinguishedName;
  /** RFC 4514 text for people, with control characters escaped. */
  readonly subjectText: string;
  /** Milliseconds since 1970-01-01T00:00:00Z; both ends belong to the validity. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly publicKey: CertificatePublicKey;
  readonly verificationKey: VerificationKey;
  readonly signatureAlgorithm: SignatureAlgorithm;
  readonly signed: SignedData;
  /** §6.1: subject and issuer are the same name. That does not mean that the key is the same. */
  readonly isSelfIssued: boolean;
  /** SHA-256 of the DER, 64 upper-case hexadecimal digits. */
  readonly thumbprintSha256: string;
}

/**
 * The extensions of a certificate that path validation reads. A member is undefined, or false, if its extension is
 * absent.
 */
export interface PathExtensions {
  readonly basicConstraints: (BasicConstraints & { readonly isCritical: boolean }) | undefined;
  readonly keyUsage: readonly KeyUsage[] | undefined;
  readonly extendedKeyUsage: readonly string[] | undefined;
  readonly subjectAlternativeNames: readonly GeneralName[] | undefined;
  readonly nameConstraints: NameConstraints | undefined;
  readonly certificatePolicies: readonly string[] | undefined;
  readonly policyMappings: readonly PolicyMapping[] | undefined;
  readonly policyConstraints: PolicyConstraints | undefined;
  readonly inhibitAnyPolicy: number | undefined;
  /** In upper-case hexadecimal, like the authority key identifier. */
  readonly subjectKeyIdentifier: string | undefined;
  readonly authorityKeyIdentifier: AuthorityKeyIdentifier | undefined;
  readonly crlDistributionPoints: readonly DistributionPoint[] | undefined;
  readonly freshestCrl: readonly DistributionPoint[] | undefined;
  /** RFC 6960 §4.2.2.2.1: the certificate of an OCSP responder that needs no revocation check itself. */
  readonly hasOcspNoCheck: boolean;
  /**
   * RFC 9608 §2: the CA publishes no revocation information for this certificate. `findNoRevAvailFault` checks whether
   * the certificate may say so.
   */
  readonly hasNoRevAvail: boolean;
  /** All extensions, undecoded, by object identifier. */
  readonly extensions: ReadonlyMap<string, CertificateExtension>;
  /**
   * Object identifiers of critical extensions that path validation doesn't process. Certificate policies are among them
   * if they are critical and have an unknown qualifier (RFC 5280 §4.2.1.4).
   */
  readonly unknownCriticalExtensions: readonly string[];
}

/** RFC 5280 §4.2.1.1. */
export interface AuthorityKeyIdentifier {
  readonly keyIdentifier: string | undefined;
  readonly issuer: readonly GeneralName[] | undefined;
  readonly serialNumber: string | undefined;
}

export const extensionTypes = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAlternativeName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  crlDistributionPoints: '2.5.29.31',
  certificatePolicies: '2.5.29.32',
  policyMappings: '2.5.29.33',
  authorityKeyIdentifier: '2.5.29.35',
  policyConstraints: '2.5.29.36',
  extendedKeyUsage: '2.5.29.37',
  freshestCrl: '2.5.29.46',
  inhibitAnyPolicy: '2.5.29.54',
  ocspNoCheck: '1.3.6.1.5.5.7.48.1.5',
} as const;

/** RFC 9608 §2: the extension must not be critical, so it is not among those that are processed. */
export const noRevAvailType = '2.5.29.56';

const processedExtensions: ReadonlySet<string> = new Set(Object.values(extensionTypes));

/**
 * Decodes DER to a PathCertificate. The answer is a fault, in words for the operator, if the bytes are anything else. A
 * ClientCertificate is accepted too. If this copy of the package made it, what it has decoded is used again.
 */
export function decodePathCertificate(der: Uint8Array | ClientCertificate): DerDecoding<PathCertificate> {
  const fields = KeptFields.find(der);
  const bytes = isObject(der) && Object.hasOwn(der, 'der') ? (der as ClientCertificate).der : (der as Uint8Array);
  expectArgument(bytes, octets, 'The DER for decodePathCertificate');
  return readDer(() => decodeCertificate(fields?.structure ?? decodeCertificateStructure(bytes), fields));
}

/** The certificates that `decodeTrustAnchor` made. A copy of one is not in the set. */
const chosenAnchors = new WeakSet<PathCertificate>();

/**
 * Decodes DER to a PathCertificate for a trust anchor that the operator chose. Such a certificate may be old: the
 * `strict` profile then accepts the serial number 0, a missing subject key identifier, basic constraints that are not
 * critical, and trailing zero bits in the key usage (X.690 §11.2.2). In any other role, the certificate is refused as
 * usual.
 */
export function decodeTrustAnchor(der: Uint8Array): DerDecoding<PathCertificate> {
  expectArgument(der, octets, 'The DER for decodeTrustAnchor');
  const decoding = readDer(() => decodeCertificate(decodeCertificateStructure(der), undefined, true));
  if (decoding.ok) chosenAnchors.add(decoding.value);
  return decoding;
}

/** Whether `decodeTrustAnchor` made this certificate. */
export function isChosenAnchor(certificate: PathCertificate): boolean {
  return chosenAnchors.has(certificate);
}

export function haveSameKey(left: PathCertificate, right: PathCertificate): boolean {
  return areOctetsEqual(left.verificationKey.subjectPublicKeyInfo, right.verificationKey.subjectPublicKeyInfo);
}

export const aPathCertificate: ArgumentRule = decodedBy(
  'decodePathCertificate',
  ...['der', 'version', 'serialNumber', 'issuer', 'subject', 'subjectName', 'notBefore', 'notAfter', 'publicKey'],
  ...['verificationKey', 'signatureAlgorithm', 'signed', 'basicConstraints', 'keyUsage', 'extendedKeyUsage'],
  ...['subjectAlternativeNames', 'nameConstraints', 'hasNoRevAvail', 'extensions', 'unknownCriticalExtensions'],
);

/** `known` is the same structure decoded as a ClientCertificate, if there is one. */
function decodeCertificate(
  structure: CertificateStructure,
  known?: CertificateFields,
  isLenient = false,
): PathCertificate {
  const { der, subjectPublicKeyInfo } = structure;
  const issuer = decodeCanonicalName(structure.issuer, known?.issuer);
  const subject = decodeCanonicalName(structure.subject, known?.subject);
  const subjectName = known?.subject ?? decodeDistinguishedName(structure.subject);
  const signatureAlgorithm = decodeSignatureAlgorithm(structure.signatureAlgorithm);
  let subjectText: string | undefined;
  let thumbprintSha256: string | undefined;
  return Object.freeze({
    der,
    version: structure.version,
    serialNumber: toHex(structure.serialNumber),
    issuer,
    subject,
    subjectName,
    get subjectText(): string {
      return (subjectText ??= formatDistinguishedName(subjectName));
    },
    notBefore: structure.notBefore,
    notAfter: structure.notAfter,
    publicKey: known?.publicKey ?? decodePublicKey(subjectPublicKeyInfo),
    verificationKey: new VerificationKey(subjectPublicKeyInfo.encoded),
    signatureAlgorithm,
    signed: { data: structure.tbsCertificate, algorithm: signatureAlgorithm, signature: structure.signature },
    isSelfIssued: areNamesEqual(issuer, subject),
    get thumbprintSha256(): string {
      return (thumbprintSha256 ??= hashHex('sha256', der));
    },
    ...decodePathExtensions(structure.extensions, known?.extensions, isLenient),
  });
}

function decodePathExtensions(
  extensions: ReadonlyMap<string, CertificateExtension>,
  known: CertificateExtensions | undefined,
  isLenient: boolean,
): PathExtensions {
  const find = <T>(type: string, decode: (value: Uint8Array) => T): T | undefined => {
    const extension = extensions.get(type);
    return extension === undefined ? undefined : decode(extension.value);
  };
  const basicConstraints = find(extensionTypes.basicConstraints, decodeBasicConstraints);
  const isCritical = extensions.get(extensionTypes.basicConstraints)?.isCritical ?? false;
  return {
    basicConstraints: basicConstraints && { ...basicConstraints, isCritical },
    keyUsage: known?.keyUsage ?? find(extensionTypes.keyUsage, (value) => decodeKeyUsage(value, isLenient)),
    extendedKeyUsage: known?.extendedKeyUsage ?? find(extensionTypes.extendedKeyUsage, decodeExtendedKeyUsage),
    subjectAlternativeNames: find(extensionTypes.subjectAlternativeName, decodeAlternativeNames),
    nameConstraints: find(extensionTypes.nameConstraints, decodeNameConstraints),
    certificatePolicies: find(extensionTypes.certificatePolicies, decodeCertificatePolicies),
    policyMappings: find(extensionTypes.policyMappings, decodePolicyMappings),
    policyConstraints: find(extensionTypes.policyConstraints, decodePolicyConstraints),
    inhibitAnyPolicy: find(extensionTypes.inhibitAnyPolicy, decodeInhibitAnyPolicy),
    subjectKeyIdentifier: find(extensionTypes.subjectKeyIdentifier, (value) =>
      toHex(readSingle(value, derTags.octetString)),
    ),
    authorityKeyIdentifier: find(extensionTypes.authorityKeyIdentifier, decodeAuthorityKeyIdentifier),
    crlDistributionPoints: find(extensionTypes.crlDistributionPoints, decodeDistributionPoints),
    freshestCrl: find(extensionTypes.freshestCrl, decodeDistributionPoints),
    hasOcspNoCheck: find(extensionTypes.ocspNoCheck, decodeNull) ?? false,
    hasNoRevAvail: find(noRevAvailType, decodeNull) ?? false,
    extensions,
    unknownCriticalExtensions: listUnknownCritical(extensions, processedExtensions),
  };
}

/** The critical extensions that are not in `known`, and critical policies with an unknown qualifier (§4.2.1.4). */
export function listUnknownCritical(
  extensions: ReadonlyMap<string, CertificateExtension>,
  known: ReadonlySet<string>,
): readonly string[] {
  const isKnown = (type: string, value: Uint8Array): boolean =>
    known.has(type) && (type !== extensionTypes.certificatePolicies || hasKnownQualifiers(value));
  return [...extensions]
    .filter(([type, { isCritical, value }]) => isCritical && !isKnown(type, value))
    .map(([type]) => type);
}

/** Decodes the names, and checks the lengths of addresses. In name constraints, addresses are twice as long. */
function decodeAlternativeNames(value: Uint8Array): readonly GeneralName[] {
  const names = decodeGeneralNames(enterSequence(value));
  const isOdd = names.some((name) => 'octets' in name && name.octets.length !== 4 && name.octets.length !== 16);
  return isOdd ? refuseDer('an IP address of neither 4 nor 16 octets') : names;
}

export function decodeAuthorityKeyIdentifier(value: Uint8Array): AuthorityKeyIdentifier {
  const reader = enterSequence(value);
  const keyIdentifier = reader.readOptional(contextPrimitive(0));
  const issuer = reader.readOptional(contextConstructed(1));
  const serialNumber = reader.readOptional(contextPrimitive(2));
  reader.expectEnd();
  // Appendix A.2: either both are present or neither.
  if ((issuer === undefined) !== (serialNumber === undefined)) {
    return refuseDer('an authority key identifier with half of issuer and serial number');
  }
  return {
    keyIdentifier: keyIdentifier && toHex(keyIdentifier),
    issuer: issuer && decodeGeneralNames(new DerReader(issuer)),
    serialNumber: serialNumber && toHex(decodeInteger(serialNumber)),
  };
}

function decodeNull(value: Uint8Array): true {
  return readSingle(value, derTags.null).length === 0 ? true : refuseDer('a NULL with content');
}
