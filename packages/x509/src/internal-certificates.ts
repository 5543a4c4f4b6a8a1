// As `internal`: what @certgate/core needs to know of certificates beyond the public entries. It may change in any release.
export { Base64Decoder } from './encoding/base64.js';
export { findOuterFrameFault } from './encoding/der.js';
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
export { listSignatureTwins } from './certificate/signature-twins.js';
export {
  judgePublicIssuance,
  type PublicIssuance,
  type PublicIssuanceEvidence,
  publicIssuanceEvidence,
} from './certificate/public-issuance.js';
