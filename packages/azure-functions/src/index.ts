export { secureApp, type FunctionApp, type SecureAppOptions } from './secure-app.js';
export * from './gate/unsafe-options.js';
export { allowAnonymous, requireAnyRole, requireRole } from './function-policy.js';
export { trustStoreFrom } from './trust-store-from.js';
export { observe, type ObserveOptions } from './observe.js';
export { reportOnly, type ReportOnlyOptions } from './report-only.js';
export {
  ClientIdentityMissing,
  findClientIdentity,
  getClientIdentity,
  type ClientIdentity,
  type Register,
  type Role,
} from './request-identity.js';
export type { FrontEndIsolation, FrontEndName, FrontEndSecretOption } from '@certgate/core';
export { decisionChannelName, type DecisionEvent, type Observation } from './log/decision-channel.js';
export type { DecisionLogLine } from './log/decision-log.js';
export type { ExpiryLogLine } from './log/expiry-log.js';
export type { StartLogLine } from './log/start-log.js';
export type { TrustLogLine } from './log/trust-log.js';
export type { AnyHandler, CertificatePolicy, FunctionPolicy } from './gate/shared-state.js';
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
  type PresentedCertificate,
  type RefreshOptions,
  type TrustBlobClient,
  type TrustFinding,
  type TrustRefreshEvent,
  type TrustStore,
  type UrlTrustOptions,
} from '@certgate/core';
