// What an adapter needs, and an app that decides for itself. A cold start loads this file and nothing else of core.
export { findInstant, formatInstant, isEndingSoon } from './encoding/timestamp.js';
export { copyOwn, hasMember, readMember } from './encoding/known-options.js';
export { isLoopbackHost } from './encoding/shown-url.js';
export {
  type CertificateHeaderReading,
  maximumHeaderLength,
  readCertificateHeader,
} from './certificate-header/certificate-header.js';
export {
  type ClientCertificate,
  type ClientCertificateDecoding,
  decodeClientCertificate,
} from './certificate/client-certificate.js';
export type { CertificateExtensions, KeyUsage } from './certificate/certificate-extensions.js';
export type { CertificatePublicKey } from './certificate/public-key.js';
export type { SubjectAlternativeName } from './certificate/general-name.js';
export type { DistinguishedName, NameAttribute } from './certificate/distinguished-name.js';
export type { PresentedCertificate } from './certificate/presented-certificate.js';
export {
  newestSchemaVersion,
  parseTrustDocument,
  TrustDocumentError,
  type TrustDocumentOptions,
} from './trust-document/parse-document.js';
export type { DocumentProblem } from './trust-document/document-reader.js';
export type {
  AuthorityRevocation,
  NamedIdentity,
  PinKind,
  SubjectIndex,
  TrustedAuthority,
  TrustedIdentity,
  TrustLock,
  TrustPin,
  TrustSnapshot,
  TrustWarning,
} from './trust-snapshot/trust-snapshot.js';
export type { RevocationMode, RevocationScope } from './certification-path/path-revocation.js';
export type { DeniedCertificate, DenyList } from './trust-snapshot/deny-list.js';
export type { SubjectType, TrustSubject } from './trust-snapshot/trust-subject.js';
export type { FoundIdentity, TrustDenialCode, TrustFinding } from './trust-snapshot/trust-finding.js';
export type { TrustStore, TrustStoreReport, TrustStoreWarning } from './trust-store/trust-store.js';
export {
  trustStoreFromAppSetting,
  trustStoreFromBlob,
  trustStoreFromFile,
  trustStoreFromUrl,
  type UrlTrustOptions,
} from './trust-store/trust-stores.js';
export type { TrustBlobClient, TrustBlobDownload, TrustBlobDownloadOptions } from './trust-sources/blob-source.js';
export { trustStoreFromDocument } from './trust-store/document-store.js';
export { trustChannelName, type TrustRefreshEvent } from './trust-store/trust-channel.js';
export { firstOf } from './trust-store/first-of.js';
export type { RefreshOptions } from './trust-store/refresh-options.js';
export type { AuthorityRevocationInformation, RevocationInformation } from './revocation/revocation-information.js';
export type { ClientIdentity } from './access/client-identity.js';
export {
  type AuthorizationDenial,
  findAuthorizationDenial,
  type FunctionRequirement,
  isReportOnly,
} from './access/authorization.js';
export {
  type AccessQuestion,
  type Admission,
  authorize,
  decideAccess,
  type Decision,
  type DecisionStep,
  type UnavailableTrust,
} from './access/access-decision.js';
export { AccessGate, type AccessGateOptions } from './access/access-gate.js';
export {
  type Denial,
  type DenialCode,
  denialCodes,
  deny,
  getPublicCode,
  getPublicStatus,
  type PublicCode,
  type PublicStatus,
} from './denial.js';
