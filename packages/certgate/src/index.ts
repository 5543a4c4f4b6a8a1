/**
 * The API that users' tests import. It runs in their test runner, so it is published as CommonJS only, for `import` and
 * `require` alike: Jest loads nothing else without a flag. The tool itself runs in a separate process
 * (testing/app-process/).
 */
import type { CertgateErrorCode } from '@certgate/core';

export { startLocalApp } from './testing/test-process/start-local-app.js';
export type {
  CallerCertificate,
  CallerGrant,
  LocalApp,
  LocalAppAnswer,
  LocalAppFunction,
  LocalAppLogLine,
  LocalAppOptions,
  LocalAppRequest,
} from './testing/test-process/local-app-types.js';
export type { CertgateErrorCode };
export type { LocalAppError } from './testing/test-process/local-app-error.js';
export type { ClientCertificateMode } from '#local/gateway/client-certificate-mode.js';
export type { FunctionPolicy } from './local-app/hosted-policy.js';
