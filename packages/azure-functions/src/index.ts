// `secure-app.js` is exported with `*`, because naming its deprecated constant here would be an error of the linter.
export * from './secure-app.js';
export { allowAnonymous, requireAnyRole, requireRole } from './function-policy.js';
export { observe, type ObserveOptions } from './observe.js';
export { reportOnly, type ReportOnlyOptions } from './report-only.js';
export {
  findClientIdentity,
  getClientIdentity,
  type ClientIdentity,
  type Register,
  type Role,
} from './request-identity.js';
export type { FrontEndIsolation, FrontEndName, FrontEndSecretOption } from '@certgate/core';
export type { AnyHandler, ClosedPolicy, FunctionPolicy } from './gate/shared-state.js';
// What an app needs of core, so that it has to depend on only one package.
export {
  CertgateError,
  type CertgateErrorCode,
  ClientIdentityMissing,
  decisionChannelName,
  firstOf,
  trustChannelName,
  trustStoreFrom,
  trustStoreFromAppSetting,
  trustStoreFromBlob,
  trustStoreFromDocument,
  trustStoreFromFile,
  trustStoreFromUrl,
  type ClientCertificate,
  type DecisionEvent,
  type DecisionLogLine,
  type DenialFacts,
  type ExpiryLogLine,
  type RenewalLogLine,
  type Observation,
  type PresentedCertificate,
  type RefreshOptions,
  type StartLogLine,
  type StatusLogLine,
  type SuppressedLogLine,
  type RevocationLogLine,
  type RevocationListEvent,
  type RevocationReadFailure,
  revocationChannelName,
  type TrustBlobClient,
  type TrustFinding,
  type TrustLogLine,
  type TrustRefreshEvent,
  type TrustStore,
  type UrlTrustOptions,
} from '@certgate/core';
