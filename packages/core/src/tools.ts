// What the command-line tool needs beyond the adapter's entry: it holds all of it, so that a tool loads one copy of core.
export * from './index.js';
export {
  type Base64Decoding,
  decodeBase64,
  findSerialNumber,
  findThumbprint,
  shortenThumbprint,
  describePublicKey,
  findCertificateFault,
  listCertificateFaults,
} from '@certgate/x509';
export { describeJsonFault } from './encoding/json-fault.js';
export { presentCertificate } from './trust-snapshot/presented-certificate.js';
export {
  anyAudience,
  parseTrustDocumentInSlices,
  readTrustDocumentWhole,
  type TrustDocumentReadingOptions,
} from './trust-document/parse-document.js';
export type {
  TrustDocument,
  TrustDocumentAuthority,
  TrustDocumentDenied,
  TrustDocumentIdentity,
  TrustDocumentLock,
  TrustDocumentMinimumCrlNumber,
  TrustDocumentPin,
  TrustDocumentRevocation,
  TrustDocumentSubject,
} from './trust-document/trust-document.js';
export { formatTrustDocument } from './trust-document/format-document.js';
export type { TrustAspect, TrustChange, TrustEffect } from './trust-review/trust-change.js';
export { compareTrustDocuments, type TrustComparison } from './trust-review/compare-documents.js';
export { inspectTrust, type TrustInspectionOptions } from './trust-review/inspect-document.js';
export type { InspectionCode, InspectionSeverity, TrustInspectionFinding } from './trust-review/inspection-finding.js';
export {
  type PathRevocation,
  revocationModes,
  revocationScopes,
  type RevocationStatus,
  type CertificationPath,
  findCertificationPath,
  type PathQuestion,
  type PathCheck,
  type PathFault,
  type PathFaultCode,
  type PathListener,
  type PathRole,
  type RevocationEvidence,
  decodeOcspResponse,
  type OcspResponse,
  type PolicyInputs,
  decodePathCertificate,
  type PathCertificate,
  type ValidationProfile,
  type CertificateRevocationList,
  decodeCrlFile,
  leadingDotReadings,
  type LeadingDotReading,
} from '@certgate/x509/path';
export { noRevocationInformation } from './trust-snapshot/revocation-information.js';
export { deniedSerialKey } from './trust-snapshot/deny-list.js';
export { listSubjectKeys, subjectKey, subjectTypes } from './trust-snapshot/trust-subject.js';
export { decisionSteps, getSteps, requestSteps, type RequestStep } from './denial.js';
export { findInSnapshot, type SnapshotFinding } from './trust-snapshot/find-in-snapshot.js';
export {
  parseTrustAddress,
  showTrustAddress,
  type TrustAddress,
  type TrustAddressRefusal,
} from './trust-sources/trust-address.js';
export { createUrlSource } from './trust-sources/url-source.js';
export { readWithin, type TrustSource } from './trust-sources/trust-source.js';
export { type DocumentSignatureVerdict, verifyDocumentSignature } from './trust-sources/document-signature.js';
export { readRevocationInformation, type RevocationReadingOptions } from './trust-store/revocation-keeper.js';
export { type AuthorityContext, findAuthorityPath, type OcspWanted } from './trust-snapshot/authority-path.js';
export { describeLock } from './trust-snapshot/trust-snapshot.js';
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
