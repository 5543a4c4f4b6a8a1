// What an adapter needs, and an app that makes its own decisions. A cold start loads this entry and no other of core's.
export type { ClientCertificate } from '@certgate/x509';
export type { PublicIssuanceEvidence } from '@certgate/x509/internal-certificates';
export {
  CertgateError,
  type CertgateErrorCode,
  copyOwn,
  findInstant,
  formatInstant,
  hasMember,
  invalidArgument,
  isEndingSoon,
  readMember,
} from '@certgate/x509/internal';
export { describeFault } from './encoding/describe-fault.js';
export { findJsonMember } from './encoding/json-member.js';
export { isLoopbackHost } from './encoding/shown-url.js';
export { ClientIdentityMissing } from './hosting/client-identity-missing.js';
export { type ContextMap, createContextMap } from './hosting/context-map.js';
export type { CandidateCertificate, CandidateList } from './certificate-header/candidate-certificate.js';
export type { PresentedCertificate } from './certificate-header/certificate-header.js';
export type { CertificateExtraction, CertificateText } from './certificate-header/certificate-text.js';
export { type DocumentProblem, TrustDocumentError } from './trust-document/document-error.js';
export type { ClientAuthGrace } from './trust-snapshot/client-auth-grace.js';
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
  trustStoreFrom,
  trustStoreFromAppSetting,
  trustStoreFromBlob,
  trustStoreFromFile,
  trustStoreFromUrl,
  type UrlTrustOptions,
} from './trust-store/trust-stores.js';
export type { TrustBlobClient, TrustBlobDownload, TrustBlobDownloadOptions } from './trust-sources/blob-source.js';
export { isDevelopment, localHostMark, readVariable } from './front-end-resolution/host-environment.js';
export type { FieldContent, FindField } from './front-ends/front-end.js';
export {
  type FrontEndIsolation,
  type FrontEndOptions,
  frontEndOverride,
} from './front-end-resolution/front-end-options.js';
export type { FrontEndSecretOption } from './front-end-resolution/front-end-secret.js';
export type { FrontEndName } from './front-ends/front-end-table.js';
export { describeFrontEnd, type ResolvedFrontEnd, resolveFrontEnd } from './front-end-resolution/resolve-front-end.js';
export { type RequestReader, secretHeaderName } from './front-end-resolution/request-reader.js';
export { trustStoreFromDocument } from './trust-store/document-store.js';
export type { RevocationListEvent, RevocationReadFailure } from './trust-store/revocation-channel.js';
export type { RevocationListStatus, WithdrawnRevocation } from './trust-store/lists-in-use.js';
export { revocationChannelName, trustChannelName, type TrustRefreshEvent } from './trust-store/trust-channel.js';
export { firstOf } from './trust-store/first-of.js';
export type { RefreshOptions } from './trust-store/refresh-options.js';
export type { ClientAuthLoss } from './access/client-auth.js';
export type { ClientIdentity, Admission, Decision, FunctionRequirement } from './access/decision.js';
export { AccessGate, type AccessGateOptions } from './access/access-gate.js';
export { authorize, findAuthorizationDenial } from './access/authorization.js';
export {
  type Denial,
  type DenialCode,
  denialCodes,
  deny,
  getPublicCode,
  getPublicStatus,
  isDeniedFor,
  type PublicCode,
  type PublicStatus,
} from './denial.js';
export type {
  AuthorityQuestion,
  ClientAuthFacts,
  DenialFacts,
  DeniedEntry,
  GraceFacts,
  MalformedProblem,
  MatchedIdentity,
  NameClaim,
  NameEntry,
  NoFacts,
  PathFacts,
  PathMember,
  PinEntry,
  PinFacts,
  RevocationListEntry,
  StrangerClaim,
  StrangerFacts,
} from './denial-facts.js';
export {
  describeGateOptions,
  type GateDescription,
  type GateOptions,
  type OptionsOwner,
  readGateOptions,
} from './hosting/host-gate-options.js';
export { type ReportedCall, type ReportedDecision, ReportingGate } from './hosting/reporting-gate.js';
export { createDenialAnswer, type DenialAnswer } from './hosting/denial-answer.js';
export {
  decisionChannelName,
  type CallDescription,
  PendingOutcome,
  type DecisionEvent,
  type DecisionFacts,
  type LoggingCall,
  type Observation,
  publishDecision,
} from './log/decision-channel.js';
export type { DecisionLogLine } from './log/decision-log-line.js';
export {
  DecisionLog,
  type DecisionLogChoice,
  decisionLogChoices,
  type DecisionLogOptions,
} from './log/decision-log.js';
export type { ExpiryLogLine, RenewalLogLine } from './log/expiry-lines.js';
export { ExpiryLog } from './log/expiry-log.js';
export type { GateStatus, StatusLogLine } from './log/status-log.js';
export type { SuppressedLogLine } from './log/suppressed-denials.js';
export { type StartCode, type StartLogLine, warnAtStart, warnOfTrust } from './log/start-log.js';
export type { RevocationLogLine } from './log/revocation-log.js';
export { TrustLog, type TrustLogLine } from './log/trust-log.js';
