// What the command-line tool needs beyond the adapter's entry: it holds all of it, so that a tool loads one copy of core.
export * from './index.js';
export { type Base64Decoding, decodeBase64 } from './encoding/base64.js';
export { describeJsonFault } from './encoding/json-fault.js';
export { findSerialNumber, findThumbprint, shortenThumbprint } from './encoding/thumbprint.js';
export {
  describePublicKey,
  findCertificateDenial,
  listCertificateFaults,
} from './certificate/certificate-verification.js';
export { presentCertificate } from './certificate/presented-certificate.js';
export {
  anyAudience,
  parseTrustDocumentInSlices,
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
export { formatTrustDocument, readTrustDocument } from './trust-document/format-document.js';
export type { TrustAspect, TrustChange, TrustEffect } from './trust-review/trust-change.js';
export { compareTrustDocuments, type TrustComparison } from './trust-review/compare-documents.js';
export { inspectTrust, type TrustInspectionOptions } from './trust-review/inspect-document.js';
export type { InspectionCode, InspectionSeverity, TrustInspectionFinding } from './trust-review/inspection-finding.js';
export { type PathRevocation, revocationModes, revocationScopes } from './certification-path/path-revocation.js';
export { deniedSerialKey } from './trust-snapshot/deny-list.js';
export { listSubjectKeys, subjectKey, subjectTypes } from './trust-snapshot/trust-subject.js';
export { findInSnapshot } from './trust-snapshot/find-in-snapshot.js';
export { type DocumentSignatureVerdict, verifyDocumentSignature } from './trust-sources/document-signature.js';
export { noRevocationInformation, type RevocationStatus } from './revocation/revocation-information.js';
export { readRevocationInformation, type RevocationReadingOptions } from './trust-store/revocation-keeper.js';
export {
  type AuthorityContext,
  type AuthorityRefusal,
  findAuthorityPath,
  type OcspWanted,
} from './trust-snapshot/authority-path.js';
export {
  type CertificationPath,
  findCertificationPath,
  type PathQuestion,
} from './certification-path/certification-path.js';
export type { PathCheck, PathFault, PathFaultCode, PathListener, PathRole } from './certification-path/path-check.js';
export type { RevocationEvidence } from './revocation/revocation-evidence.js';
export { decodeOcspResponse, type OcspResponse } from './revocation/ocsp-response.js';
export type { PolicyInputs } from './certification-path/policy-graph.js';
export { decodePathCertificate, type PathCertificate } from './certificate/path-certificate.js';
export type { ValidationProfile } from './certification-path/validation-profile.js';
export type { CertificateRevocationList } from './revocation/certificate-revocation-list.js';
export { decodeCrlFile } from './revocation/crl-file.js';
export { leadingDotReadings, type LeadingDotReading } from './certification-path/name-location.js';
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
