// What an adapter needs, and an app that decides for itself. A cold start loads this file and nothing else of core.
export type { ClientCertificate } from '@certgate/x509';
export { copyOwn, findInstant, formatInstant, isEndingSoon, hasMember, readMember } from '@certgate/x509/internal';
export { isLoopbackHost } from './encoding/shown-url.js';
export type { PresentedCertificate } from './certificate-header/certificate-header.js';
export { type DocumentProblem, TrustDocumentError } from './trust-document/document-error.js';
export type {
  ConfirmedFinding,
  FoundFinding,
  FoundIdentity,
  NominatedFinding,
  NotFoundFinding,
  RefusedFinding,
  RefusedNomination,
  TrustDenialCode,
  TrustFinding,
  UnavailableFinding,
} from './trust-snapshot/trust-finding.js';
export type { TrustStore, TrustStoreReport, TrustStoreWarning } from './trust-store/trust-store.js';
export {
  type BlobOpener,
  trustStoreFromAddress,
  trustStoreFromAppSetting,
  trustStoreFromBlob,
  trustStoreFromFile,
  trustStoreFromUrl,
  type UrlTrustOptions,
} from './trust-store/trust-stores.js';
export type { BlobAddress } from './trust-sources/trust-address.js';
export type { TrustBlobClient, TrustBlobDownload, TrustBlobDownloadOptions } from './trust-sources/blob-source.js';
export { isDevelopment, localHostMark, readVariable } from './front-end-resolution/host-environment.js';
export type { FindField } from './front-ends/front-end.js';
export {
  expectFrontEndOptions,
  type FrontEndIsolation,
  frontEndOptionNames,
  type FrontEndOptions,
  frontEndOverride,
} from './front-end-resolution/front-end-options.js';
export type { FrontEndSecretOption } from './front-end-resolution/front-end-secret.js';
export type { FrontEndName } from './front-ends/front-end-table.js';
export { type ResolvedFrontEnd, resolveFrontEnd } from './front-end-resolution/resolve-front-end.js';
export type { RequestReader } from './front-end-resolution/request-reader.js';
export { trustStoreFromDocument } from './trust-store/document-store.js';
export { trustChannelName, type TrustRefreshEvent } from './trust-store/trust-channel.js';
export { firstOf } from './trust-store/first-of.js';
export type { RefreshOptions } from './trust-store/refresh-options.js';
export type { ClientIdentity, Admission, Decision, FunctionRequirement } from './access/decision.js';
export { authorize, findAuthorizationDenial } from './access/access-gate.js';
export { AccessGate, type AccessGateOptions } from './access/access-gate.js';
export {
  type Denial,
  type DenialCode,
  denialCodes,
  deny,
  getPublicCode,
  getPublicStatus,
  type PublicCode,
  type PublicStatus,
} from './denial.js';
