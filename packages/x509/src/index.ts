// Decodes certificates and checks a caller's own certificate: what a program needs if it knows each certificate.
export { X509Error as CertgateError, type X509ErrorCode as CertgateErrorCode } from './certgate-error.js';
export {
  type Base64Decoding,
  type Base64Fault,
  decodeBase64,
  type PemBundleDecoding,
  type PemBundleFault,
  decodePemBundle,
  type PemDecoding,
  type PemFault,
  decodePem,
} from './encoding/base64.js';
export type { DerDecoding } from './encoding/der.js';
export type { CertificatePublicKey, DistinguishedName, NameAttribute } from './certificate/certificate.js';
export { describeCertificateFault } from './certificate/certificate-fault-sentence.js';
export {
  type CertificateFault,
  type CertificateFaultCode,
  type CertificateFaultFacts,
  type CertificateVerificationOptions,
  certificateFaultCodes,
  clientAuthentication,
  describePublicKey,
  findCertificateFault,
  listCertificateFaults,
  type ValidityTimes,
} from './certificate/certificate-verification.js';
export {
  type ClientCertificate,
  type ClientCertificateDecoding,
  decodeClientCertificate,
  type CertificateExtensions,
  type KeyUsage,
} from './certificate/client-certificate.js';
export type { SubjectAlternativeName } from './certificate/general-name.js';
export { type SpiffeId, findSpiffeId } from './certificate/spiffe-id.js';
