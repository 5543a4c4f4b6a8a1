import { areNamesEqual } from '../canonical-name.js';
import { isStrongKey } from '../certificate-verification.js';
import { hashResponderKey } from './ocsp-certificate-id.js';
import type { OcspQuestion } from './ocsp-question.js';
import type { BasicOcspResponse } from './ocsp-response.js';
import type { OcspResponderCertificate } from './ocsp-responder-certificate.js';
import { decodePathCertificate } from './path-certificate.js';
import { isSignedBy } from './signature-memo.js';

/** RFC 6960 §4.2.2.2, id-kp-OCSPSigning. */
const ocspSigning = '1.3.6.1.5.5.7.3.9';

/**
 * RFC 6960 §4.2.2.2: who signed the response, if he may: the issuer of the certificate itself, or whom it has certified
 * for that, directly. Undefined: somebody else.
 */
export function findResponder(
  response: BasicOcspResponse,
  question: OcspQuestion,
): OcspResponderCertificate | undefined {
  const { issuer, isAlgorithmAccepted } = question;
  if (!isAlgorithmAccepted(response.signed.algorithm)) return undefined;
  if (isNamed(issuer, response) && isSignedBy(response, issuer.verificationKey)) return issuer;
  return response.certificates.find(
    (responder) =>
      isNamed(responder, response) &&
      isFitToRespond(responder, question) &&
      isSignedBy(response, responder.verificationKey) &&
      isDelegate(responder, question),
  );
}

function isNamed(responder: OcspResponderCertificate, { responderId }: BasicOcspResponse): boolean {
  if ('name' in responderId) return areNamesEqual(responder.subject, responderId.name);
  const keyHash = hashResponderKey(responder);
  return keyHash !== undefined && Buffer.compare(keyHash, responderId.keyHash) === 0;
}

/** What the responder's certificate says of itself. */
function isFitToRespond(responder: OcspResponderCertificate, { certificate, profile, now }: OcspQuestion): boolean {
  return (
    // Nobody vouches for himself; an issuer's serial numbers are unique.
    responder.serialNumber !== certificate.serialNumber &&
    // Named as it is: anyExtendedKeyUsage is everybody's.
    responder.extendedKeyUsage?.includes(ocspSigning) === true &&
    (responder.keyUsage === undefined || responder.keyUsage.includes('digitalSignature')) &&
    responder.unknownCriticalExtensions.length === 0 &&
    responder.notBefore <= now &&
    now <= responder.notAfter &&
    (profile === 'rfc5280' || isStrongKey(responder.publicKey))
  );
}

function isDelegate(responder: OcspResponderCertificate, question: OcspQuestion): boolean {
  const { issuer, isAlgorithmAccepted } = question;
  return (
    areNamesEqual(responder.issuer, issuer.subject) &&
    isAlgorithmAccepted(responder.signatureAlgorithm) &&
    isSignedBy(responder, issuer.verificationKey) &&
    (responder.hasOcspNoCheck || isKnownGood(responder, question))
  );
}

/** §4.2.2.2.1: how a responder without ocsp-nocheck is checked is for the client to say. */
function isKnownGood({ der }: OcspResponderCertificate, { profile, isResponderGood }: OcspQuestion): boolean {
  if (isResponderGood === undefined) return profile === 'rfc5280';
  const decoding = decodePathCertificate(der);
  return decoding.ok && isResponderGood(decoding.value);
}
