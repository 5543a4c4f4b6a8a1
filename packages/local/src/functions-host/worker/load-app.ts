// worker/: plays the Functions worker inside the app's process: loads the app, runs its hooks and invocations.

import { createRequire } from 'node:module';
import { relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ToolFailure } from '../../tool-failure.js';
import type { AppContext } from './app-context.js';
import { createAppHookContext, executeHooks, writeAppLog } from './hooks.js';
import { StartHookFailure } from './start-hook-failure.js';

/** The capabilities that the worker announces to the programming model, before it adds the app's own `app.setup`. */
const workerCapabilities = {
  RawHttpBodyBytes: 'true',
  RpcHttpTriggerMetadataRemoved: 'true',
  RpcHttpBodyOnly: 'true',
  IgnoreEmptyValuedRpcHttpHeaders: 'true',
  UseNullableValueDictionaryForHttp: 'true',
  WorkerStatus: 'true',
  TypedDataCollection: 'true',
  HandlesWorkerTerminateMessage: 'true',
} as const;

export interface LoadedApp {
  /** The address of the library's own HTTP server. Undefined unless the app has set `enableHttpStream`. */
  readonly streamingUri: URL | undefined;
}

/**
 * Starts the app in the worker's order: entry files, `appStart` hooks, capabilities (which lock `app.setup`). After
 * that, no function may be registered.
 */
export async function loadApp(
  app: AppContext,
  entryFiles: readonly string[],
  packageType: 'module' | 'commonjs',
): Promise<LoadedApp> {
  for (const file of entryFiles) await loadEntryFile(app, file, packageType);
  const systemLog = (message: string): void => {
    writeAppLog(app, { level: 'debug', category: 'system', message });
  };
  try {
    await executeHooks(app, 'appStart', createAppHookContext(app), systemLog);
  } catch (error) {
    throw describeFailedStart(error);
  }
  const capabilities = (await app.programmingModel?.getCapabilities?.({ ...workerCapabilities })) ?? {};
  app.registrationClosed = true;
  const uri = capabilities['HttpUri'];
  return { streamingUri: uri === undefined ? undefined : new URL(uri) };
}

function describeFailedStart(error: unknown): StartHookFailure {
  const { code, message } = error instanceof Error ? (error as NodeJS.ErrnoException) : {};
  return new StartHookFailure(
    `An appStart hook of the app failed: ${firstLine(error)}`,
    { ...(typeof code === 'string' ? { code } : {}), message: message ?? String(error) },
    { remedy: 'Correct what the hook does; in Azure the app would not start either.', cause: error },
  );
}

async function loadEntryFile(app: AppContext, file: string, packageType: 'module' | 'commonjs'): Promise<void> {
  const message = `Loading entry point file "${relative(app.folder, file)}"`;
  writeAppLog(app, { level: 'debug', category: 'system', message });
  try {
    // Decides like the worker. If the nearest package.json decided otherwise, the app would fail in Azure.
    if (isEsModule(file, packageType)) await import(pathToFileURL(file).href);
    else createRequire(file)(file);
  } catch (error) {
    const name = relative(app.folder, file);
    if (app.duplicateFunction !== undefined) {
      throw new ToolFailure(`${name} registers the function "${app.duplicateFunction}", which is already registered.`, {
        remedy: 'Give every function its own name.',
        cause: error,
      });
    }
    throw new ToolFailure(`${name} failed while it was loaded: ${firstLine(error)}`, {
      remedy:
        'Correct what the error names, and build again if that is code. In Azure, the app would not start with it either.',
      cause: error,
    });
  }
}

function isEsModule(file: string, packageType: 'module' | 'commonjs'): boolean {
  if (file.endsWith('.mjs')) return true;
  return !file.endsWith('.cjs') && packageType === 'module';
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text.split('\n', 1)[0] ?? text;
}
