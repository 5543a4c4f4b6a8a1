import type { TestContext } from 'node:test';
import type * as AzureFunctions from '@azure/functions';
import { type TrustStore, trustStoreFromDocument } from '@certgate/core';
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

export const trustStore: TrustStore = trustStoreFromDocument(trustDocument);

export interface SecuredApp {
  readonly worker: TestWorker;
  readonly app: typeof AzureFunctions.app;
  readonly library: typeof AzureFunctions;
}

/** Creates an app in a worker, which is not secured yet. */
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
  secureApp(created.app, { trustStore, ...options });
  return created;
}

/** Creates a secured app in which another package's hook was registered first. */
export function createHookedApp(
  context: TestContext,
  hook: (call: AzureFunctions.PreInvocationContext, worker: TestWorker) => void,
  options: Partial<SecureAppOptions> = {},
): SecuredApp {
  const created = createApp(context);
  created.app.hook.preInvocation((call) => {
    hook(call, created.worker);
  });
  secureApp(created.app, { trustStore, ...options });
  return created;
}

/** A hook that puts a handler of its own around the present one. */
export function wrapHandler(call: AzureFunctions.PreInvocationContext): void {
  const { functionHandler: present } = call;
  call.functionHandler = (...args) => present(...args) as unknown;
}

/** A hook that replaces the present handler by that of this function. */
export function putInPlace(name: string): Parameters<typeof createHookedApp>[1] {
  return (call, worker) => {
    call.functionHandler = worker.getHandler(name) as AzureFunctions.FunctionHandler;
  };
}

/** Calls the registered handler without the worker. */
export function callHandler(
  { worker, library }: SecuredApp,
  name: string,
  caller: MadeCertificate | undefined,
  call: AzureFunctions.InvocationContext = createCall(library, name),
): AzureFunctions.HttpResponseInit {
  const request = new library.HttpRequest({ method: 'GET', url: 'http://localhost', ...callOf(caller) });
  return worker.getHandler(name)(request, call) as AzureFunctions.HttpResponseInit;
}

/** Creates a context that the worker did not make. */
export function createCall(
  library: Pick<typeof AzureFunctions, 'InvocationContext'>,
  functionName: string,
  invocationId?: string,
): AzureFunctions.InvocationContext {
  const id = invocationId === undefined ? {} : { invocationId };
  return new library.InvocationContext({ ...id, functionName, logHandler: () => undefined });
}

/** A call with this certificate, or without one if it is undefined. */
export function callOf(caller: MadeCertificate | undefined): { readonly headers?: Readonly<Record<string, string>> } {
  return caller === undefined ? {} : bearing(caller);
}

export function bearing(certificate: MadeCertificate): { readonly headers: Readonly<Record<string, string>> } {
  return { headers: { 'X-ARR-ClientCert': certificate.header } };
}

/** Collects what is written to `console.warn` from now on: the lines about the app as a whole. */
export function watchWarnings(context: TestContext): () => readonly Readonly<Record<string, unknown>>[] {
  const { mock } = context.mock.method(console, 'warn', () => undefined);
  return () => mock.calls.map(({ arguments: [line] }) => JSON.parse(String(line)) as Record<string, unknown>);
}

/** Collects the codes of those lines. */
export function watchWarningCodes(context: TestContext): () => readonly unknown[] {
  const readWarnings = watchWarnings(context);
  return () => codesOf(readWarnings());
}

export function codesOf(lines: readonly Readonly<Record<string, unknown>>[]): readonly unknown[] {
  return lines.map(({ code }) => code);
}

/** A handler that answers "secret", with a count of its runs. */
export function countHandler(): { readonly handler: () => { body: string }; readonly runs: () => number } {
  let runs = 0;
  return {
    handler: () => {
      runs += 1;
      return { body: 'secret' };
    },
    runs: () => runs,
  };
}
