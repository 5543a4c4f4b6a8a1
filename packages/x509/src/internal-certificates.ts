// As `internal`: what @certgate/core needs to know of certificates beyond the public entries. It may change in any release.
export { findOuterFrameFault } from './encoding/der.js';
export { findMistakenStructure } from './certificate/certificate-structure.js';
export { hashHex } from './certificate/client-certificate.js';
export {
  type CanonicalName,
  decidingAttributeTypes,
  findIssuerName,
  findValueWithoutText,
  nameAttributeTypes,
} from './certificate/distinguished-name.js';
export { findPublicKeyInfo } from './certificate/public-key.js';
export { listSignatureTwins } from './certificate/signature-twins.js';
