// Helpers that @certgate/core shares with this package. They are internal: they may change in any release, and nothing
// else should import them. Programs that work with certificates use `@certgate/x509` and `@certgate/x509/path`.
export { findOuterFrameFault } from './encoding/der.js';
export { copyOwn } from './encoding/own-members.js';
export { escapeInvisible, shortenText } from './encoding/shown-text.js';
export { type Steps, runAtOnce, runInSlices } from './encoding/steps.js';
export { findSerialNumber, findThumbprint, shortenThumbprint } from './encoding/thumbprint.js';
export { findInstant, formatInstant, isEndingSoon } from './encoding/timestamp.js';
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
export { hasSpiffeScheme, isTrustDomain } from './certificate/spiffe-id.js';
