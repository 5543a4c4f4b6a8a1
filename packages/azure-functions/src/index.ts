export { secureApp, type FunctionApp, type SecureAppOptions } from './secure-app.js';
export * from './unsafe-options.js';
export { allowAnonymous, requireAnyRole, requireRole } from './function-policy.js';
export { reportOnly, type ReportOnlyOptions } from './report-only.js';
export { ClientIdentityMissing, findClientIdentity, getClientIdentity } from './request-identity.js';
export type { FrontEndName } from './front-end.js';
export { decisionChannelName, type DecisionEvent } from './decision-channel.js';
export type { DecisionLogLine } from './decision-log.js';
export type { ExpiryLogLine } from './expiry-log.js';
export type { StartLogLine } from './start-log.js';
export type { TrustLogLine } from './trust-log.js';
export type { AnyHandler, CertificatePolicy, FunctionPolicy } from './shared-state.js';
// What an app needs of core, so that it depends on one package.
export {
  firstOf,
  trustChannelName,
  trustStoreFromAppSetting,
  trustStoreFromBlob,
  trustStoreFromDocument,
  trustStoreFromFile,
  trustStoreFromUrl,
  type ClientCertificate,
  type ClientIdentity,
  type PresentedCertificate,
  type RefreshOptions,
  type TrustBlobClient,
  type TrustFinding,
  type TrustRefreshEvent,
  type TrustStore,
  type UrlTrustOptions,
} from '@certgate/core';
