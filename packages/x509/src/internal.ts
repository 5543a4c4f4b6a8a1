// What @certgate/core uses of this package beyond the public entry: helpers, and what it needs for every caller's
// certificate. Internal: it may change in any release, and nothing else should import it. Programs that work with
// certificates use `@certgate/x509` and `@certgate/x509/path`.
export * from './index.js';
// The class and codes that all packages share. They replace what the index exports under these names.
export { CertgateError, type CertgateErrorCode, invalidArgument } from './certgate-error.js';
export { Base64Decoder } from './encoding/base64.js';
export { findOuterFrameFault } from './encoding/der.js';
export { confirmMember, copyOwn, hasMember, isObject, readKnownOptions, readMember } from './encoding/own-members.js';
export { escapeInvisible, shortenText } from './encoding/shown-text.js';
export { type Steps, runAtOnce, runInSlices } from './encoding/steps.js';
export { findSerialNumber, findThumbprint, shortenThumbprint } from './encoding/thumbprint.js';
export { findInstant, formatInstant, isEndingSoon } from './encoding/timestamp.js';
export { describeFirstFault } from './certificate/certificate-fault-sentence.js';
export { findFirstFault } from './certificate/certificate-verification.js';
export { findMistakenStructure, findPublicKeyInfo, hashHex } from './certificate/client-certificate.js';
export {
  type CanonicalName,
  decidingAttributeTypes,
  findIssuerName,
  findSubjectName,
  findValueWithoutText,
  formatDistinguishedName,
  nameAttributeTypes,
} from './certificate/distinguished-name.js';
export { describeRefusedAlgorithm } from './certificate/signature-algorithm.js';
export { hasSpiffeScheme, isTrustDomain } from './certificate/spiffe-id.js';
