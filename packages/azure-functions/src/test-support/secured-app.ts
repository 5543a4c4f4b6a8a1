import type { TestContext } from 'node:test';
import type * as AzureFunctions from '@azure/functions';
import { trustStoreFromDocument } from '@certgate/core';
import { type SecureAppOptions, secureApp } from '../secure-app.js';
import { type MadeCertificate, documentOf, makeCertificate } from './certificates.js';
import { appService, setEnvironment } from './environment.js';
import { type TestWorker, createWorker, loadFunctionsLibrary } from './test-worker.js';

export const reader: MadeCertificate = makeCertificate('reader');
export const operator: MadeCertificate = makeCertificate('operator');
export const stranger: MadeCertificate = makeCertificate('stranger');

export const trustDocument: object = documentOf({
  reader: { certificate: reader, roles: ['reader'] },
  operator: { certificate: operator, roles: ['reader', 'operator'] },
});

export interface SecuredApp {
  readonly worker: TestWorker;
  readonly app: typeof AzureFunctions.app;
  readonly library: typeof AzureFunctions;
}

/** An app in a worker, not yet secured. */
export function createApp(
  context: TestContext,
  environment: Readonly<Record<string, string>> = appService,
): SecuredApp {
  setEnvironment(context, environment);
  const worker = createWorker(context);
  const library = loadFunctionsLibrary();
  return { worker, library, app: library.app };
}

export function createSecuredApp(
  context: TestContext,
  options: Partial<SecureAppOptions> = {},
  environment: Readonly<Record<string, string>> = appService,
): SecuredApp {
  const created = createApp(context, environment);
  secureApp(created.app, { trustStore: trustStoreFromDocument(trustDocument), ...options });
  return created;
}

export function bearing(certificate: MadeCertificate): { readonly headers: Readonly<Record<string, string>> } {
  return { headers: { 'X-ARR-ClientCert': certificate.header } };
}
