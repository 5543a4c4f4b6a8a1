export { findClientIdentity, getClientIdentity } from './caller-identity.js';
export type { RouteRequirement } from './gate/call-requirement.js';
export type { GateLog, GateOptions } from './gate/gate-settings.js';
export type { FieldReader, FieldRecord, RequestHeaders } from './gate/header-fields.js';
export { createGate, type Gate } from './gate/http-gate.js';
export * from './gate/unsafe-option.js';
export { secureServer } from './node/secure-server.js';
export { type ExpressApp, requireAnyRole, requireRole, type RoleMiddleware, secureExpress } from './secure-express.js';
export { type FastifyApp, type FastifyPlugin, secureFastify } from './secure-fastify.js';
export { secureFetch } from './secure-fetch.js';
// What an app needs of core, so that it has to depend on only one package.
export {
  CertgateError,
  type CertgateErrorCode,
  type ClientCertificate,
  type ClientIdentity,
  ClientIdentityMissing,
  type Decision,
  decisionChannelName,
  type DecisionEvent,
  type DecisionLogLine,
  type DenialFacts,
  type Denial,
  type DenialAnswer,
  type ExpiryLogLine,
  type RenewalLogLine,
  firstOf,
  type FindField,
  type FrontEndIsolation,
  type FrontEndName,
  type FrontEndSecretOption,
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
  trustChannelName,
  type TrustFinding,
  type TrustLogLine,
  type TrustRefreshEvent,
  type TrustStore,
  trustStoreFrom,
  trustStoreFromAppSetting,
  trustStoreFromBlob,
  trustStoreFromDocument,
  trustStoreFromFile,
  trustStoreFromUrl,
  type UrlTrustOptions,
} from '@certgate/core';
