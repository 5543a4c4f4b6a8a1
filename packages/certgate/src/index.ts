/**
 * What users' tests import. It runs in their test runner, so it is served as CommonJS alone, to `import` and `require`
 * alike: Jest loads nothing else without a flag. The tool itself stays in a process of its own (testing/app-process/).
 */
import type { CertgateErrorCode } from '@certgate/core';

export { startLocalApp } from './local/testing/test-process/start-local-app.js';
export type {
  CallerCertificate,
  CallerGrant,
  LocalApp,
  LocalAppAnswer,
  LocalAppFunction,
  LocalAppLogLine,
  LocalAppOptions,
  LocalAppRequest,
} from './local/testing/test-process/local-app-types.js';
export type { CertgateErrorCode };
export type { LocalAppError } from './local/testing/test-process/local-app-error.js';
export type { ClientCertificateMode } from './local/gateway/client-certificate-mode.js';
export type { FunctionPolicy } from './local/local-app/hosted-policy.js';
