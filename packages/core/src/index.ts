export { type Base64Decoding, decodeBase64 } from './encoding/base64.js';
export { findThumbprint } from './encoding/thumbprint.js';
export { findInstant, formatInstant } from './encoding/timestamp.js';
export {
  readCertificateHeader,
  maximumHeaderLength,
  type CertificateHeaderReading,
} from './certificate-header/certificate-header.js';
export {
  decodeClientCertificate,
  type ClientCertificate,
  type ClientCertificateDecoding,
} from './certificate/client-certificate.js';
export type { CertificateExtensions, KeyUsage } from './certificate/certificate-extensions.js';
export { type CertificatePublicKey } from './certificate/public-key.js';
export { type SubjectAlternativeName } from './certificate/general-name.js';
export { type DistinguishedName, type NameAttribute } from './certificate/distinguished-name.js';
export {
  describePublicKey,
  findCertificateDenial,
  listCertificateFaults,
} from './certificate/certificate-verification.js';
export { presentCertificate, type PresentedCertificate } from './certificate/presented-certificate.js';
export {
  anyAudience,
  newestSchemaVersion,
  parseTrustDocument,
  parseTrustDocumentInSlices,
  TrustDocumentError,
  type TrustDocumentOptions,
  type TrustDocumentReadingOptions,
} from './trust-document/parse-document.js';
export type {
  TrustDocument,
  TrustDocumentAuthority,
  TrustDocumentDenied,
  TrustDocumentIdentity,
  TrustDocumentPin,
  TrustDocumentRevocation,
  TrustDocumentSubject,
} from './trust-document/trust-document.js';
export { formatTrustDocument, readTrustDocument } from './trust-document/format-document.js';
export type { TrustAspect, TrustChange, TrustEffect } from './trust-review/trust-change.js';
export { compareTrustDocuments, type TrustComparison } from './trust-review/compare-documents.js';
export { inspectTrust, type TrustInspectionOptions } from './trust-review/inspect-document.js';
export type { InspectionCode, InspectionSeverity, TrustInspectionFinding } from './trust-review/inspection-finding.js';
export type { DocumentProblem } from './trust-document/document-reader.js';
export type {
  NamedIdentity,
  PinKind,
  SubjectIndex,
  TrustedIdentity,
  TrustPin,
  TrustSnapshot,
  TrustWarning,
} from './trust-snapshot/trust-snapshot.js';
export {
  revocationModes,
  revocationScopes,
  type RevocationMode,
  type RevocationScope,
} from './certification-path/path-revocation.js';
export type { AuthorityRevocation, TrustedAuthority } from './trust-snapshot/trust-snapshot.js';
export {
  type DeniedCertificate,
  type DenyList,
  deniedSerialKey,
  findSerialNumber,
} from './trust-snapshot/deny-list.js';
export {
  type SubjectType,
  type TrustSubject,
  listSubjectKeys,
  subjectKey,
  subjectTypes,
} from './trust-snapshot/trust-subject.js';
export {
  findInSnapshot,
  type FoundIdentity,
  type TrustDenialCode,
  type TrustFinding,
} from './trust-snapshot/find-in-snapshot.js';
export type { TrustStore, TrustStoreReport, TrustStoreWarning } from './trust-store/trust-store.js';
export { trustStoreFromAppSetting } from './trust-store/trust-stores.js';
export type { TrustBlobClient, TrustBlobDownload, TrustBlobDownloadOptions } from './trust-sources/blob-source.js';
export { trustStoreFromBlob } from './trust-store/trust-stores.js';
export { type DocumentSignatureVerdict, verifyDocumentSignature } from './trust-sources/document-signature.js';
export { trustStoreFromDocument } from './trust-store/document-store.js';
export { trustStoreFromFile } from './trust-store/trust-stores.js';
export { trustStoreFromUrl, type UrlTrustOptions } from './trust-store/trust-stores.js';
export { type TrustRefreshEvent, trustChannelName } from './trust-store/trust-channel.js';
export { firstOf } from './trust-store/first-of.js';
export type { RefreshOptions } from './trust-store/refresh-options.js';
export {
  type AuthorityRevocationInformation,
  type RevocationInformation,
  noRevocationInformation,
} from './revocation/revocation-information.js';
export { type RevocationReadingOptions, readRevocationInformation } from './trust-store/revocation-keeper.js';
export {
  type AuthorityContext,
  type AuthorityRefusal,
  type OcspWanted,
  findAuthorityPath,
} from './trust-snapshot/authority-path.js';
export {
  findCertificationPath,
  type CertificationPath,
  type PathQuestion,
} from './certification-path/certification-path.js';
export type { PathFault, PathFaultCode } from './certification-path/path-check.js';
export type { PathCheck, PathListener } from './certification-path/path-check.js';
export type { RevocationEvidence } from './revocation/revocation-evidence.js';
export type { RevocationStatus } from './revocation/revocation-information.js';
export { type OcspResponse, decodeOcspResponse } from './revocation/ocsp-response.js';
export type { PolicyInputs } from './certification-path/policy-graph.js';
export type { PathRevocation } from './certification-path/path-revocation.js';
export { decodePathCertificate, type PathCertificate } from './certificate/path-certificate.js';
export type { PathRole, ValidationProfile } from './certification-path/validation-profile.js';
export type { CertificateRevocationList } from './revocation/certificate-revocation-list.js';
export { decodeCrlFile } from './revocation/crl-file.js';
export { type ClientIdentity } from './access/client-identity.js';
export {
  findAuthorizationDenial,
  isReportOnly,
  type AuthorizationDenial,
  type FunctionRequirement,
} from './access/authorization.js';
export {
  authorize,
  decideAccess,
  type AccessQuestion,
  type Admission,
  type Decision,
  type DecisionStep,
} from './access/access-decision.js';
export { AccessGate, type AccessGateOptions } from './access/access-gate.js';
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
