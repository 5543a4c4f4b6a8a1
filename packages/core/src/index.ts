// What an adapter needs, and an app that decides for itself. A cold start loads this file and nothing else of core.
export {
  findInstant,
  formatInstant,
  isEndingSoon,
  type ClientCertificate,
  type ClientCertificateDecoding,
  decodeClientCertificate,
  type CertificateExtensions,
  type KeyUsage,
  type CertificatePublicKey,
  type SubjectAlternativeName,
  type DistinguishedName,
  type NameAttribute,
} from '@certgate/x509';
export { copyOwn, hasMember, readMember } from './encoding/known-options.js';
export { isLoopbackHost } from './encoding/shown-url.js';
export {
  type CertificateHeaderReading,
  maximumHeaderLength,
  readCertificateHeader,
} from './certificate-header/certificate-header.js';
export type { PresentedCertificate } from './trust-snapshot/presented-certificate.js';
export { parseTrustDocument, TrustDocumentError, type TrustDocumentOptions } from './trust-document/parse-document.js';
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
export type { RevocationMode, RevocationScope } from '@certgate/x509/path';
export type { AuthorityRevocationInformation, RevocationInformation } from './trust-snapshot/revocation-information.js';
export type { DeniedCertificate, DenyList } from './trust-snapshot/deny-list.js';
export type { SubjectType, TrustSubject } from './trust-snapshot/trust-subject.js';
export type {
  ConfirmedFinding,
  FoundFinding,
  FoundIdentity,
  NominatedFinding,
  NotFoundFinding,
  RefusedFinding,
  RefusedNomination,
  TrustDenialCode,
  TrustFinding,
  UnavailableFinding,
} from './trust-snapshot/trust-finding.js';
export type { TrustStore, TrustStoreReport, TrustStoreWarning } from './trust-store/trust-store.js';
export {
  type BlobOpener,
  trustStoreFromAddress,
  trustStoreFromAppSetting,
  trustStoreFromBlob,
  trustStoreFromFile,
  trustStoreFromUrl,
  type UrlTrustOptions,
} from './trust-store/trust-stores.js';
export type { BlobAddress } from './trust-sources/trust-address.js';
export type { TrustBlobClient, TrustBlobDownload, TrustBlobDownloadOptions } from './trust-sources/blob-source.js';
export { trustStoreFromDocument } from './trust-store/document-store.js';
export { trustChannelName, type TrustRefreshEvent } from './trust-store/trust-channel.js';
export { firstOf } from './trust-store/first-of.js';
export type { RefreshOptions } from './trust-store/refresh-options.js';
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
  type DecisionStepName,
  type Denial,
  type DenialCode,
  denialCodes,
  deny,
  getPublicCode,
  getPublicStatus,
  type PublicCode,
  type PublicStatus,
} from './denial.js';
