// Decoding certificates and end-entity checks: what a program needs that knows its certificates one by one.
export { type Base64Decoding, type Base64Fault, decodeBase64 } from './encoding/base64.js';
export { type DerDecoding, findOuterFrameFault } from './encoding/der.js';
export { type PemDecoding, type PemFault, decodePem } from './encoding/pem.js';
export { type Steps, runAtOnce, runInSlices } from './encoding/steps.js';
export { findSerialNumber, findThumbprint, shortenThumbprint } from './encoding/thumbprint.js';
export { findInstant, formatInstant, isEndingSoon } from './encoding/timestamp.js';
export { findMistakenStructure } from './certificate/certificate-structure.js';
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
  hashHex,
} from './certificate/client-certificate.js';
export type { CertificateExtensions, KeyUsage } from './certificate/certificate-extensions.js';
export { type CertificatePublicKey, findPublicKeyInfo } from './certificate/public-key.js';
export type { SubjectAlternativeName } from './certificate/general-name.js';
export {
  type CanonicalName,
  type DistinguishedName,
  type NameAttribute,
  decidingAttributeTypes,
  findIssuerName,
  findValueWithoutText,
  nameAttributeTypes,
} from './certificate/distinguished-name.js';
export { listSignatureTwins } from './certificate/signature-twins.js';
export { findSpiffeId, hasSpiffeScheme, isTrustDomain } from './certificate/spiffe-id.js';
export { escapeInvisible, shortenText } from './encoding/shown-text.js';
