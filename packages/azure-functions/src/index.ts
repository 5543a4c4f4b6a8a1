export { secureApp, type FunctionApp, type SecureAppOptions } from './secure-app.js';
export * from './unsafe-options.js';
export { allowAnonymous, requireAnyRole, requireRole } from './function-policy.js';
export { ClientIdentityMissing, findClientIdentity, getClientIdentity } from './request-identity.js';
export type { FrontEndName } from './front-end.js';
export type { DecisionLogLine } from './decision-log.js';
export type { AnyHandler, FunctionPolicy } from './shared-state.js';
// What an app needs of core, so that it depends on one package.
export {
  firstOf,
  trustStoreFromDocument,
  trustStoreFromFile,
  type ClientCertificate,
  type ClientIdentity,
  type PresentedCertificate,
  type RefreshOptions,
  type TrustFinding,
  type TrustStore,
} from '@certgate/core';
