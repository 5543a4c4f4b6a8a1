// Decoding certificates and end-entity checks: what a program needs that knows its certificates one by one.
export { type Base64Decoding, type Base64Fault, decodeBase64 } from './encoding/base64.js';
export type { DerDecoding } from './encoding/der.js';
export { type PemDecoding, type PemFault, decodePem } from './encoding/pem.js';
export {
  type CertificateFault,
  type CertificateFaultCode,
  certificateFaultCodes,
  clientAuthentication,
  describePublicKey,
  findCertificateFault,
  listCertificateFaults,
} from './certificate/certificate-verification.js';
export {
  type ClientCertificate,
  type ClientCertificateDecoding,
  decodeClientCertificate,
} from './certificate/client-certificate.js';
export type { CertificateExtensions, KeyUsage } from './certificate/certificate-extensions.js';
export type { CertificatePublicKey } from './certificate/public-key.js';
export type { SubjectAlternativeName } from './certificate/general-name.js';
export type { DistinguishedName, NameAttribute } from './certificate/distinguished-name.js';
export { findSpiffeId } from './certificate/spiffe-id.js';
