import { isStrongKey } from '../certificate/certificate-verification.js';
import {
  areNamesEqual,
  type CanonicalName,
  decodeCanonicalName,
  formatDistinguishedName,
} from '../certificate/distinguished-name.js';
import { type KeyUsage, decodeExtendedKeyUsage, decodeKeyUsage } from '../certificate/client-certificate.js';
import {
  type CertificatePublicKey,
  decodeCertificateStructure,
  decodeDistinguishedName,
  decodePublicKey,
} from '../certificate/certificate.js';
import { areOctetsEqual, type DerDecoding, readDer, toHex } from '../encoding/der.js';
import {
  decodePathCertificate,
  extensionTypes,
  listUnknownCritical,
  type PathCertificate,
} from '../certificate/path-certificate.js';
import { decodeSignatureAlgorithm, type SignatureAlgorithm } from '../certificate/signature-algorithm.js';
import { isSignedBy, type Signed, type SignedData, VerificationKey } from '../certificate/signature-verification.js';
import { hashResponderKey } from './ocsp-certificate-id.js';

/**
 * What decides who may answer for an issuer (RFC 6960 §4.2.2.2). A PathCertificate has all of it. Certificates of
 * public CAs' responders may have extensions that a path would refuse but that are irrelevant here, such as an empty
 * alternative name.
 */
export interface OcspResponderCertificate {
  readonly der: Uint8Array;
  readonly serialNumber: string;
  readonly issuer: CanonicalName;
  readonly subject: CanonicalName;
  readonly subjectText: string;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly publicKey: CertificatePublicKey;
  readonly verificationKey: VerificationKey;
  readonly signatureAlgorithm: SignatureAlgorithm;
  readonly signed: SignedData;
  readonly keyUsage: readonly KeyUsage[] | undefined;
  readonly extendedKeyUsage: readonly string[] | undefined;
  readonly hasOcspNoCheck: boolean;
  readonly unknownCriticalExtensions: readonly string[];
}

export function decodeOcspResponderCertificate(der: Uint8Array): DerDecoding<OcspResponderCertificate> {
  return readDer(() => {
    const { extensions, signature, ...structure } = decodeCertificateStructure(der);
    const find = <T>(type: string, decode: (value: Uint8Array) => T): T | undefined => {
      const extension = extensions.get(type);
      return extension === undefined ? undefined : decode(extension.value);
    };
    const { keyUsage, extendedKeyUsage, ocspNoCheck, basicConstraints, certificatePolicies } = extensionTypes;
    // Basic constraints and policies may be critical too: they are irrelevant for a certificate that issues nothing.
    const known = new Set<string>([keyUsage, extendedKeyUsage, ocspNoCheck, basicConstraints, certificatePolicies]);
    const signatureAlgorithm = decodeSignatureAlgorithm(structure.signatureAlgorithm);
    const subjectName = decodeDistinguishedName(structure.subject);
    return Object.freeze({
      der,
      serialNumber: toHex(structure.serialNumber),
      issuer: decodeCanonicalName(structure.issuer),
      subject: decodeCanonicalName(structure.subject),
      get subjectText(): string {
        return formatDistinguishedName(subjectName);
      },
      notBefore: structure.notBefore,
      notAfter: structure.notAfter,
      publicKey: decodePublicKey(structure.subjectPublicKeyInfo),
      verificationKey: new VerificationKey(structure.subjectPublicKeyInfo.encoded),
      signatureAlgorithm,
      signed: { data: structure.tbsCertificate, algorithm: signatureAlgorithm, signature },
      keyUsage: find(keyUsage, decodeKeyUsage),
      extendedKeyUsage: find(extendedKeyUsage, decodeExtendedKeyUsage),
      hasOcspNoCheck: extensions.has(ocspNoCheck),
      unknownCriticalExtensions: listUnknownCritical(extensions, known),
    });
  });
}

/** The responder's name, or the SHA-1 of its public key. */
export type OcspResponderId = { readonly name: CanonicalName } | { readonly keyHash: Uint8Array };

/** Asks who may answer about a certificate. */
export interface OcspResponderQuestion {
  readonly certificate: PathCertificate;
  /** Its issuer, already validated. It may be the trust anchor. */
  readonly issuer: PathCertificate;
  /** Whether the algorithm is accepted, for the signatures of responses and of responders' certificates. */
  readonly isAlgorithmAccepted: (algorithm: SignatureAlgorithm) => boolean;
  readonly profile: 'strict' | 'rfc5280';
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly now: number;
  /**
   * Whether a responder's certificate without ocsp-nocheck is known not to be revoked (RFC 6960 §4.2.2.2.1). If absent,
   * the strict profile refuses such responders.
   */
  readonly isResponderGood?: ((responder: PathCertificate) => boolean) | undefined;
}

interface RespondedBy extends Signed {
  readonly responderId: OcspResponderId;
  /** The certificates that came with the response. */
  readonly certificates: readonly OcspResponderCertificate[];
}

/** Why a response doesn't come from a responder that may answer for the issuer (RFC 6960 §4.2.2.2). */
export type OcspSignerFault =
  /**
   * The response names the issuer, but the issuer's key did not sign it; or the certificate of the named responder is
   * missing.
   */
  | { readonly reason: 'not_signed_by_issuer' | 'certificate_missing' }
  | {
      readonly reason:
        /** The responder's certificate has the serial number of the certificate in question. */
        | 'certificate_in_question'
        | 'extended_key_usage'
        | 'key_usage'
        | 'not_yet_valid'
        | 'expired'
        | 'key_not_accepted'
        | 'issuer_differs'
        | 'algorithm_not_accepted'
        /** The issuer did not sign the responder's certificate. */
        | 'certificate_not_signed'
        | 'not_signed'
        /** The responder's certificate has no `ocsp-nocheck`, and nothing shows that it is not revoked. */
        | 'revocation_unknown';
      readonly responder: OcspResponderCertificate;
    }
  /** `extension` is an object identifier. */
  | {
      readonly reason: 'critical_extension';
      readonly responder: OcspResponderCertificate;
      readonly extension: string;
    };

/** The responder that may answer, or why none of those in question may. */
export type FoundResponder = { readonly responder: OcspResponderCertificate } | { readonly fault: OcspSignerFault };

/**
 * Finds who signed the response, if they may answer (RFC 6960 §4.2.2.2): the issuer of the certificate, or a responder
 * whose certificate the issuer itself has signed for that. The caller has already accepted the response's signature
 * algorithm.
 */
export function findResponder(response: RespondedBy, question: OcspResponderQuestion): FoundResponder {
  const { issuer } = question;
  const isIssuerNamed = isNamed(issuer, response);
  if (isIssuerNamed && isSignedBy(response, issuer.verificationKey)) return { responder: issuer };
  const named = response.certificates.filter((responder) => isNamed(responder, response));
  const faults: OcspSignerFault[] = [];
  for (const responder of named) {
    const fault = findUseFault(responder, question) ?? findDelegationFault(responder, response, question);
    if (fault === undefined) return { responder };
    faults.push(fault);
  }
  if (isIssuerNamed) faults.push({ reason: 'not_signed_by_issuer' });
  return { fault: faults[0] ?? { reason: 'certificate_missing' } };
}

function isNamed(responder: OcspResponderCertificate, { responderId }: RespondedBy): boolean {
  if ('name' in responderId) return areNamesEqual(responder.subject, responderId.name);
  const keyHash = hashResponderKey(responder);
  return keyHash !== undefined && areOctetsEqual(keyHash, responderId.keyHash);
}

/** RFC 6960 §4.2.2.2, id-kp-OCSPSigning. */
const ocspSigning = '1.3.6.1.5.5.7.3.9';

/** What excludes the responder's certificate by its own content. */
function findUseFault(
  responder: OcspResponderCertificate,
  question: OcspResponderQuestion,
): OcspSignerFault | undefined {
  const { certificate, profile, now } = question;
  const { keyUsage, extendedKeyUsage, unknownCriticalExtensions, notBefore, notAfter, publicKey } = responder;
  const [extension] = unknownCriticalExtensions;
  // A certificate must not vouch for itself, and serial numbers of one issuer are unique.
  if (responder.serialNumber === certificate.serialNumber) return { reason: 'certificate_in_question', responder };
  // The usage must be named itself, because any certificate may have anyExtendedKeyUsage.
  if (extendedKeyUsage?.includes(ocspSigning) !== true) return { reason: 'extended_key_usage', responder };
  if (keyUsage?.includes('digitalSignature') === false) return { reason: 'key_usage', responder };
  if (extension !== undefined) return { reason: 'critical_extension', responder, extension };
  // Written so that a time that is not a number is outside the validity.
  if (!(notBefore <= now)) return { reason: 'not_yet_valid', responder };
  if (!(now <= notAfter)) return { reason: 'expired', responder };
  if (profile === 'rfc5280' || isStrongKey(publicKey)) return undefined;
  return { reason: 'key_not_accepted', responder };
}

function findDelegationFault(
  responder: OcspResponderCertificate,
  response: RespondedBy,
  question: OcspResponderQuestion,
): OcspSignerFault | undefined {
  const { issuer, isAlgorithmAccepted } = question;
  if (!areNamesEqual(responder.issuer, issuer.subject)) return { reason: 'issuer_differs', responder };
  if (!isAlgorithmAccepted(responder.signatureAlgorithm)) return { reason: 'algorithm_not_accepted', responder };
  if (!isSignedBy(responder, issuer.verificationKey)) return { reason: 'certificate_not_signed', responder };
  // After the issuer's signature: nothing may be verified with a key that somebody else chose.
  if (!isSignedBy(response, responder.verificationKey)) return { reason: 'not_signed', responder };
  if (responder.hasOcspNoCheck || isKnownGood(responder, question)) return undefined;
  return { reason: 'revocation_unknown', responder };
}

/** §4.2.2.2.1 leaves it to the client how to check a responder without ocsp-nocheck. */
function isKnownGood({ der }: OcspResponderCertificate, { profile, isResponderGood }: OcspResponderQuestion): boolean {
  if (isResponderGood === undefined) return profile === 'rfc5280';
  const decoding = decodePathCertificate(der);
  return decoding.ok && isResponderGood(decoding.value);
}
