// For this project's tools only; not a public API. It exports the whole main entry too, so that a tool loads only one
// copy of core.
export * from './index.js';
export {
  type Base64Decoding,
  type CertificateFaultCode,
  type CertificateExtensions,
  type CertificatePublicKey,
  type ClientCertificateDecoding,
  decodeBase64,
  decodeClientCertificate,
  describeCertificateFault,
  describePublicKey,
  type DistinguishedName,
  findCertificateFault,
  type KeyUsage,
  listCertificateFaults,
  type NameAttribute,
  type SubjectAlternativeName,
} from '@certgate/x509';
export {
  findOuterFrameFault,
  findSerialNumber,
  findThumbprint,
  isTrustDomain,
  runAtOnce,
  shortenText,
  shortenThumbprint,
} from '@certgate/x509/internal';
export { judgePublicIssuance, type PublicIssuance } from '@certgate/x509/internal-certificates';
export type { CandidateReading, CandidateSource } from './certificate-header/candidate-certificate.js';
export {
  type CertificateHeaderReading,
  maximumHeaderLength,
  readCertificateHeader,
  readCertificateText,
  presentCertificate,
} from './certificate-header/certificate-header.js';
export {
  frontEndSetting,
  type FrontEndSettings,
  isolationSetting,
  readFrontEndSettings,
  secretSetting,
} from './front-end-resolution/front-end-options.js';
export { shortenMatched } from './log/decision-log-line.js';
export { lockSetting } from './hosting/lock-setting.js';
export { expectSecret } from './front-end-resolution/front-end-secret.js';
export { secretHeaderName } from './front-end-resolution/request-reader.js';
export type { CertificateExtraction, CertificateText, ChainText } from './certificate-header/certificate-text.js';
export { maximumChainLength, readChainText } from './certificate-header/chain-text.js';
export type { FindField, FrontEnd } from './front-ends/front-end.js';
export { findFrontEnd, frontEndNames } from './front-ends/front-end-table.js';
export { escapePath } from './trust-document/document-reader.js';
export { describeJsonFault } from './encoding/json-fault.js';
export { parseJsonInSteps } from './encoding/strict-json.js';
export { formatSerialNumber } from './encoding/serial-number.js';
export { describeIssuance, isForServersOnly } from './access/client-auth.js';
export { findClientAuthLoss } from './access/client-auth-loss.js';
export {
  anyAudience,
  parseTrustDocument,
  parseTrustDocumentInSlices,
  readTrustDocumentWhole,
  type TrustDocumentOptions,
  type TrustDocumentReadingOptions,
} from './trust-document/parse-document.js';
export type {
  TrustDocument,
  TrustDocumentAuthority,
  TrustDocumentClientAuthGrace,
  TrustDocumentDenied,
  TrustDocumentIdentity,
  TrustDocumentLock,
  TrustDocumentMinimumCrlNumber,
  TrustDocumentPin,
  TrustDocumentRevocation,
  TrustDocumentName,
} from './trust-document/trust-document.js';
export { formatTrustDocument } from './trust-document/format-document.js';
export type {
  PathRevocation,
  RevocationMode,
  RevocationScope,
  RevocationStatus,
  CertificationPath,
  PathQuestion,
  PathCheck,
  PathFault,
  PathFaultCode,
  PathListener,
  PathRole,
  RevocationEvidence,
  OcspResponse,
  PathCertificate,
  CertificateRevocationList,
  LeadingDotReading,
} from '@certgate/x509/path';
// `loadPathValidation` loads path validation when it is first used, because some commands don't need it.
export { loadPathValidation } from './load-path-validation.js';
export {
  type AuthorityRevocationInformation,
  noRevocationInformation,
  type RevocationInformation,
} from './trust-snapshot/revocation-information.js';
export { type DeniedCertificate, deniedSerialKey, type DenyList } from './trust-snapshot/trust-snapshot.js';
export {
  describeName,
  listNameKeys,
  nameKey,
  type NameType,
  nameTypes,
  type TrustName,
} from './trust-snapshot/trust-snapshot.js';
export {
  decisionSteps,
  type DecisionStepName,
  getSteps,
  problemTypePrefix,
  requestSteps,
  type RequestStep,
} from './denial.js';
export {
  type AccessQuestion,
  decideAccess,
  type DecisionStep,
  type UnavailableTrust,
} from './access/access-decision.js';
export { findDeniedIssued } from './trust-snapshot/deny-list.js';
export { entryRules, findInSnapshot, isPinDenied, type SnapshotFinding } from './trust-snapshot/find-in-snapshot.js';
export {
  type EntryStanding,
  type EntryWindow,
  findAuthorityWindows,
  findEntryStanding,
  findEntryWindows,
  findPinSpan,
  findStanding,
  listEntries,
  listInstants,
  listStandings,
  type ListedEntry,
  type Standing,
  type StandingCode,
} from './trust-snapshot/standing.js';
export {
  type BlobAddress,
  parseTrustAddress,
  showTrustAddress,
  type TrustAddress,
  type TrustAddressRefusal,
} from './trust-sources/trust-address.js';
export { getOverHttp, postOcspRequest } from './trust-sources/http-exchange.js';
export { createUrlSource } from './trust-sources/url-source.js';
export { readWithin, type TrustSource } from './trust-sources/trust-source.js';
export { type DocumentSignatureState, verifyDocumentSignature } from './trust-sources/document-signature.js';
export type { RevocationListStatus } from './trust-store/lists-in-use.js';
export {
  type KeptRevocation,
  readRevocationInformation,
  type RevocationReadingOptions,
} from './trust-store/revocation-keeper.js';
export {
  type AuthorityContext,
  findAuthorityPath,
  type OcspWanted,
  type PathTarget,
} from './trust-snapshot/authority-path.js';
export { describeGrace, findGraceFault, isGraceRunning } from './trust-snapshot/client-auth-grace.js';
export {
  type AuthorityRevocation,
  describeLock,
  type NamedIdentity,
  type PinKind,
  type PinnedIdentity,
  pinKinds,
  type NameIndex,
  type TrustedAuthority,
  type TrustedIdentity,
  type TrustLock,
  type TrustPin,
  type TrustSnapshot,
  type TrustWarning,
} from './trust-snapshot/trust-snapshot.js';
export { describePinEntry } from './trust-snapshot/issued-match.js';
export {
  findIssuingAuthorities,
  findNominations,
  listNames,
  type Nomination,
  type PresentedName,
} from './trust-snapshot/authority-match.js';
export {
  admitDocument,
  type DocumentAdmission,
  type DocumentAdmissionOptions,
  type ReadDocument,
} from './trust-store/document-admission.js';
export type { AuthorizationDenial } from './access/decision.js';
