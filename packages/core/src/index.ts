export { type Base64Decoding, decodeBase64 } from './encoding/base64.js';
export { findThumbprint } from './encoding/thumbprint.js';
export { readCertificateHeader, maximumHeaderLength, type CertificateHeaderReading } from './certificate-header.js';
export {
  decodeClientCertificate,
  type ClientCertificate,
  type ClientCertificateDecoding,
} from './client-certificate.js';
export type { CertificateExtensions, KeyUsage } from './certificate-extensions.js';
export { type CertificatePublicKey } from './certificate-public-key.js';
export { type SubjectAlternativeName } from './subject-alternative-name.js';
export { type DistinguishedName, type NameAttribute } from './distinguished-name.js';
export { describePublicKey, findCertificateDenial, listCertificateFaults } from './certificate-verification.js';
export { presentCertificate, type PresentedCertificate } from './presented-certificate.js';
export { parseTrustDocument, TrustDocumentError, type TrustDocumentOptions } from './trust-document.js';
export type { DocumentProblem } from './trust-document-reader.js';
export type { PinKind, TrustedIdentity, TrustPin, TrustSnapshot, TrustWarning } from './trust-snapshot.js';
export { findInSnapshot, type FoundIdentity, type PinDenialCode, type TrustFinding } from './trust-finding.js';
export type { TrustStore, TrustStoreReport } from './trust-store.js';
export { trustStoreFromDocument } from './trust-sources/document-store.js';
export { trustStoreFromFile } from './trust-sources/file-store.js';
export { firstOf } from './trust-sources/first-of.js';
export type { RefreshOptions } from './trust-sources/refreshing-store.js';
export type { ClientIdentity } from './client-identity.js';
export { findAuthorizationDenial, type FunctionRequirement } from './authorization.js';
export {
  decideAccess,
  type AccessQuestion,
  type Admission,
  type Decision,
  type DecisionStep,
} from './access-decision.js';
export { AccessGate, type AccessGateOptions } from './access-gate.js';
export {
  deny,
  denialCodes,
  getPublicCode,
  getPublicStatus,
  type Denial,
  type DenialCode,
  type PublicCode,
  type PublicStatus,
} from './denial.js';
