// Building and validating certification paths, with CRLs and OCSP.
export { X509Error as CertgateError, type X509ErrorCode as CertgateErrorCode } from './certgate-error.js';
export type { DerDecoding } from './encoding/der.js';
export type {
  CertificateExtension,
  CertificatePublicKey,
  DistinguishedName,
  NameAttribute,
} from './certificate/certificate.js';
export type {
  CertificateFaultCode,
  CertificateFaultFacts,
  ValidityTimes,
} from './certificate/certificate-verification.js';
export type {
  BasicConstraints,
  CertificateExtensions,
  ClientCertificate,
  KeyUsage,
} from './certificate/client-certificate.js';
export type { CanonicalName } from './certificate/distinguished-name.js';
export type {
  DistributionPoint,
  DistributionPointName,
  IssuingDistributionPoint,
} from './certificate/distribution-point.js';
export type { GeneralName, SubjectAlternativeName } from './certificate/general-name.js';
export type { MlDsaParameterSet } from './certificate/ml-dsa.js';
export {
  findNoRevAvailFault,
  measureLifetime,
  type NoRevAvailFault,
  type NoRevAvailObstacle,
} from './certificate/no-rev-avail.js';
export {
  anyPolicy,
  type NameConstraints,
  type PolicyConstraints,
  type PolicyMapping,
} from './certificate/path-extensions.js';
export {
  type AuthorityKeyIdentifier,
  type PathCertificate,
  type PathExtensions,
  decodePathCertificate,
  decodeTrustAnchor,
} from './certificate/path-certificate.js';
export type { NamedKey } from './certificate/trust-anchor.js';
export {
  type DigestAlgorithm,
  type SignatureAlgorithm,
  describeSignatureAlgorithm,
} from './certificate/signature-algorithm.js';
export {
  type Signed,
  type SignedData,
  type VerificationKey,
  isSignedBy,
} from './certificate/signature-verification.js';
export {
  type CertificateRevocationList,
  crlExtensionTypes,
  decodeCertificateRevocationList,
} from './revocation/certificate-revocation-list.js';
export type { CrlEntry, RevocationReason } from './revocation/crl-entry.js';
export { decodeCrlFile, decodeCrlFileInSlices, prepareCrl } from './revocation/crl-file.js';
export type { ListedCrlEntry, RevokedEntries } from './revocation/revoked-entries.js';
export { findAuthorityFault, findNameConstraintFault } from './certification-path/authority-review.js';
export type { OcspCertificateId, OcspDigest } from './revocation/ocsp-certificate-id.js';
export { type OcspRequestContent, createOcspNonce, encodeOcspRequest } from './revocation/ocsp-request.js';
export type {
  OcspResponderCertificate,
  OcspResponderId,
  OcspResponderQuestion,
  OcspSignerFault,
} from './revocation/ocsp-responder.js';
export {
  type BasicOcspResponse,
  type OcspAnswer,
  type OcspCertificateStatus,
  type OcspFailure,
  type OcspResponse,
  decodeOcspResponse,
} from './revocation/ocsp-response.js';
export { type OcspQuestion, findOcspStatus } from './revocation/ocsp-status.js';
export type { RevocationEvidence } from './revocation/revocation-evidence.js';
export type { RevocationGap, RevocationGapFacts, RevocationStatus } from './revocation/revocation-status.js';
export { describeNoRevAvailObstacle, describeRevocationGaps } from './revocation/revocation-sentences.js';
export {
  type CertificationPath,
  type PathOptions,
  type PathQuestion,
  findCertificationPath,
} from './certification-path/certification-path.js';
export type { PathLimits } from './certification-path/path-budget.js';
export { describeClientFault } from './certification-path/client-fault-sentence.js';
export { describeNameConstraintFault } from './certification-path/name-constraint-sentence.js';
export type {
  ConstrainingCertificate,
  NameConstraintFault,
  NameOrigin,
} from './certification-path/name-constraints.js';
export type { PathCheck, PathListener } from './certification-path/path-check.js';
export {
  type MalformedFacts,
  type PathFault,
  type PathFaultCode,
  type PathFaultFacts,
  type PathFaultSubject,
  type PathRole,
  pathFaultCodes,
  type UnfitFacts,
} from './certification-path/path-fault.js';
export { describePathFault } from './certification-path/path-fault-sentence.js';
export {
  type PathRevocation,
  type RevocationMode,
  type RevocationScope,
  ocspClockSkewMilliseconds,
  revocationModes,
  revocationScopes,
} from './certification-path/path-revocation.js';
export type { ValidPath } from './certification-path/path-validation.js';
export type { PolicyFaultReason, PolicyInputs } from './certification-path/policy-graph.js';
export { type LeadingDotReading, hasLeadingDot, leadingDotReadings } from './certification-path/name-location.js';
export { type ValidationProfile, isAlgorithmAccepted } from './certification-path/validation-profile.js';
export type { AuthorityInput, ClientRevocation } from './certification-path/verification-input.js';
export {
  type ClientFault,
  type ClientFaultCode,
  type ClientFaultFacts,
  type ClientNames,
  type ClientVerification,
  type ClientVerificationOptions,
  type VerifiedClient,
  verifyClientCertificate,
} from './certification-path/verify-client-certificate.js';
