// Building and validating certification paths, with CRLs and OCSP.
export { CertgateError, type CertgateErrorCode } from './certgate-error.js';
export type { GeneralName } from './certificate/general-name.js';
export { findNoRevAvailFault, measureLifetime } from './certificate/no-rev-avail.js';
export { anyPolicy } from './certificate/path-extensions.js';
export { type PathCertificate, decodePathCertificate } from './certificate/path-certificate.js';
export { describeSignatureAlgorithm } from './certificate/signature-algorithm.js';
export { isSignedBy } from './certificate/signature-verification.js';
export {
  type CertificateRevocationList,
  crlExtensionTypes,
  decodeCertificateRevocationList,
} from './revocation/certificate-revocation-list.js';
export { decodeCrlFile, decodeCrlFileInSlices, prepareCrl } from './revocation/crl-file.js';
export { findAuthorityFault, findNameConstraintFault } from './certification-path/authority-review.js';
export { createOcspNonce, encodeOcspRequest } from './revocation/ocsp-request.js';
export { type OcspResponse, decodeOcspResponse } from './revocation/ocsp-response.js';
export { type OcspQuestion, findOcspStatus } from './revocation/ocsp-status.js';
export type { RevocationEvidence } from './revocation/revocation-evidence.js';
export type { RevocationStatus } from './revocation/revocation-status.js';
export {
  type CertificationPath,
  type PathQuestion,
  findCertificationPath,
} from './certification-path/certification-path.js';
export {
  type PathCheck,
  type PathFault,
  type PathFaultCode,
  type PathFaultSubject,
  type PathListener,
  type PathRole,
  pathFaultCodes,
} from './certification-path/path-check.js';
export {
  type PathRevocation,
  type RevocationMode,
  type RevocationScope,
  ocspClockSkewMilliseconds,
  revocationModes,
  revocationScopes,
} from './certification-path/path-revocation.js';
export type { PolicyInputs } from './certification-path/policy-graph.js';
export { type LeadingDotReading, hasLeadingDot, leadingDotReadings } from './certification-path/name-location.js';
export { type ValidationProfile, isAlgorithmAccepted } from './certification-path/validation-profile.js';
