export { type Base64Decoding, decodeBase64 } from './encoding/base64.js';
export { findThumbprint } from './encoding/thumbprint.js';
export { findInstant, formatInstant } from './encoding/timestamp.js';
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
export {
  anyAudience,
  newestSchemaVersion,
  parseTrustDocument,
  parseTrustDocumentInSlices,
  TrustDocumentError,
  type TrustDocumentOptions,
  type TrustDocumentReadingOptions,
} from './trust-document.js';
export type {
  TrustDocument,
  TrustDocumentAuthority,
  TrustDocumentDenied,
  TrustDocumentIdentity,
  TrustDocumentPin,
  TrustDocumentRevocation,
  TrustDocumentSubject,
} from './trust-document-content.js';
export { formatTrustDocument, readTrustDocument } from './trust-document-text.js';
export type { TrustAspect, TrustChange, TrustEffect } from './trust-change.js';
export { compareTrustDocuments, type TrustComparison } from './trust-comparison.js';
export { inspectTrust, type TrustInspectionOptions } from './trust-inspection.js';
export type { InspectionCode, InspectionSeverity, TrustInspectionFinding } from './trust-inspection-finding.js';
export type { DocumentProblem } from './trust-document-reader.js';
export type {
  NamedIdentity,
  PinKind,
  SubjectIndex,
  TrustedIdentity,
  TrustPin,
  TrustSnapshot,
  TrustWarning,
} from './trust-snapshot.js';
export {
  revocationModes,
  revocationScopes,
  type RevocationMode,
  type RevocationScope,
} from './certification-path/path-revocation.js';
export type { AuthorityRevocation, TrustedAuthority } from './trust-authority.js';
export { type DeniedCertificate, type DenyList, deniedSerialKey, findSerialNumber } from './trust-deny-list.js';
export { type SubjectType, type TrustSubject, listSubjectKeys, subjectKey, subjectTypes } from './trust-subject.js';
export { findInSnapshot, type FoundIdentity, type TrustDenialCode, type TrustFinding } from './trust-finding.js';
export type { TrustStore, TrustStoreReport, TrustStoreWarning } from './trust-store.js';
export { trustStoreFromAppSetting } from './trust-sources/app-setting-store.js';
export type { TrustBlobClient, TrustBlobDownload, TrustBlobDownloadOptions } from './trust-sources/blob-source.js';
export { trustStoreFromBlob } from './trust-sources/blob-store.js';
export { type DocumentSignatureVerdict, verifyDocumentSignature } from './trust-sources/document-signature.js';
export { trustStoreFromDocument } from './trust-sources/document-store.js';
export { trustStoreFromFile } from './trust-sources/file-store.js';
export { trustStoreFromUrl, type UrlTrustOptions } from './trust-sources/url-store.js';
export { type TrustRefreshEvent, trustChannelName } from './trust-sources/trust-channel.js';
export { firstOf } from './trust-sources/first-of.js';
export type { RefreshOptions } from './trust-sources/refresh-options.js';
export {
  type AuthorityRevocationInformation,
  type RevocationInformation,
  noRevocationInformation,
} from './revocation-information.js';
export {
  type RevocationReadingOptions,
  readRevocationInformation,
} from './trust-sources/read-revocation-information.js';
export { type AuthorityContext, type AuthorityRefusal, type OcspWanted, findAuthorityPath } from './authority-path.js';
export {
  findCertificationPath,
  type CertificationPath,
  type PathQuestion,
} from './certification-path/certification-path.js';
export type { PathFault, PathFaultCode } from './certification-path/path-fault.js';
export type { PathCheck, PathListener } from './certification-path/path-check.js';
export type { RevocationEvidence } from './certification-path/revocation-evidence.js';
export type { RevocationStatus } from './certification-path/revocation-status.js';
export { type OcspResponse, decodeOcspResponse } from './certification-path/ocsp-response.js';
export type { PolicyInputs } from './certification-path/policy-graph.js';
export type { PathRevocation } from './certification-path/path-revocation.js';
export { decodePathCertificate, type PathCertificate } from './certification-path/path-certificate.js';
export type { PathRole, ValidationProfile } from './certification-path/validation-profile.js';
export type { CertificateRevocationList } from './certification-path/certificate-revocation-list.js';
export { decodeCrlFile } from './certification-path/crl-file.js';
export { type ClientIdentity } from './client-identity.js';
export {
  findAuthorizationDenial,
  isReportOnly,
  type AuthorizationDenial,
  type FunctionRequirement,
} from './authorization.js';
export {
  authorize,
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
