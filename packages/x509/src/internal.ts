// Helpers that @certgate/core shares with this package, and that decode nothing: an app loads them with the adapter, and
// certificates with the first one. They are internal: they may change in any release, and nothing else should import
// them. Programs that work with certificates use `@certgate/x509` and `@certgate/x509/path`.
export { CertgateError, type CertgateErrorCode, invalidArgument } from './certgate-error.js';
export { confirmMember, copyOwn, hasMember, readKnownOptions, readMember } from './encoding/own-members.js';
export { escapeInvisible, shortenText } from './encoding/shown-text.js';
export { type Steps, runAtOnce, runInSlices } from './encoding/steps.js';
export { findSerialNumber, findThumbprint, shortenThumbprint } from './encoding/thumbprint.js';
export { findInstant, formatInstant, isEndingSoon } from './encoding/timestamp.js';
export { hasSpiffeScheme, isTrustDomain } from './certificate/spiffe-id.js';
