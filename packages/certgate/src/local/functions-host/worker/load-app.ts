// worker/: plays the Functions worker inside the app's process: loads the app, runs its hooks and invocations.

import { stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import fastGlob from 'fast-glob';
import { ToolFailure, hasCode } from '../../../faults/tool-failure.js';
import { findJsonObject } from '../../../files/json-file.js';
import { shellWord } from '../../../faults/safe-text.js';
import type { AppContext } from './app-context.js';
import { createAppHookContext, executeHooks, writeAppLog } from './hooks.js';

/** What the worker itself tells the programming model that it can do, before the app's own `app.setup` is added. */
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
  /** The address of the library's own HTTP server; present when the app has set `enableHttpStream`. */
  readonly streamingUri: URL | undefined;
}

/** The worker's start, in its order: entry files, `appStart` hooks, capabilities (which lock `app.setup`), then no more registrations. */
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

/** Certgate's own hook loads the trust document: what is wrong with that is no fault of the app's code. */
function describeFailedStart(error: unknown): ToolFailure {
  const { code, message } = error instanceof Error ? (error as NodeJS.ErrnoException) : {};
  const check = 'npx --no-install certgate trust check --store';
  if (code === 'CERTGATE_TRUST_DOCUMENT_INVALID') {
    const [, kind, place = ''] = /^The trust document \((file|blob|URL) (.+?)\) is not valid/.exec(message ?? '') ?? [];
    const address = kind === 'blob' ? `blob:${place}` : place;
    return new ToolFailure(`The app does not start, because of its trust document. ${firstLineOf(message ?? '')}`, {
      remedy: `Correct the document; every problem of it: ${check} ${kind === undefined ? '<where it is>' : shellWord(address)}. In Azure the app would not start either.`,
      cause: error,
    });
  }
  if (code === 'CERTGATE_TRUST_SOURCE_MISUSE') {
    return new ToolFailure(
      `The app does not start, because it finds no trust document. ${firstLineOf(message ?? '')}`,
      {
        remedy: `Set what secureApp reads, e.g. CERTGATE_TRUST in local.settings.json and in Azure's app settings, to where a document is that passes: ${check} trust.json`,
        cause: error,
      },
    );
  }
  return new ToolFailure(`An appStart hook of the app failed: ${firstLine(error)}`, {
    remedy: 'Correct what the hook does; in Azure the app would not start either.',
    cause: error,
  });
}

async function loadEntryFile(app: AppContext, file: string, packageType: 'module' | 'commonjs'): Promise<void> {
  const message = `Loading entry point file "${relative(app.folder, file)}"`;
  writeAppLog(app, { level: 'debug', category: 'system', message });
  try {
    // As the worker decides it; the nearest package.json could say otherwise, and it would fail in Azure.
    if (isEsModule(file, packageType)) await import(pathToFileURL(file).href);
    else createRequire(file)(file);
  } catch (error) {
    const name = relative(app.folder, file);
    if (app.duplicateFunction !== undefined) {
      throw new ToolFailure(`${name} registers the function "${app.duplicateFunction}", which is registered already.`, {
        remedy: 'Give every function its own name.',
        cause: error,
      });
    }
    throw new ToolFailure(`${name} failed while it was loaded: ${firstLine(error)}`, {
      remedy: 'Correct the file and build again; in Azure the app would not start either.',
      cause: error,
    });
  }
}

function isEsModule(file: string, packageType: 'module' | 'commonjs'): boolean {
  if (file.endsWith('.mjs')) return true;
  return !file.endsWith('.cjs') && packageType === 'module';
}

function firstLine(error: unknown): string {
  return firstLineOf(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
}

function firstLineOf(text: string): string {
  return text.split('\n', 1)[0] ?? text;
}

interface AppEntry {
  /** Absolute, in the order in which they are loaded. */
  readonly entryFiles: readonly string[];
  readonly packageType: 'module' | 'commonjs';
}

/** The files that `main` of the app's package.json names: a path or a glob, braces included. */
export async function findAppEntry(folder: string): Promise<AppEntry> {
  await requireFolder(folder);
  const path = join(folder, 'package.json');
  const manifest = await findJsonObject(path);
  if (manifest === undefined) {
    throw new ToolFailure(`There is no package.json in ${folder}, so it holds no Node.js function app.`, {
      remedy: 'Name the folder that holds host.json and package.json.',
    });
  }
  const main = manifest['main'];
  if (typeof main !== 'string' || main === '') {
    throw new ToolFailure(`${path} has no "main", so no file of the app would be loaded.`, {
      remedy: 'Set "main" to the built entry files, for example "dist/src/{index.js,functions/*.js}".',
    });
  }
  const files = await findMatches(main, folder);
  if (files.length === 0) {
    const what = fastGlob.isDynamicPattern(main) ? 'matches no file' : 'does not exist';
    throw new ToolFailure(`"main" in ${path} is "${main}", which ${what}.`, {
      remedy: 'Build the app first (usually `npm run build`), or correct "main".',
    });
  }
  return {
    entryFiles: files,
    packageType: manifest['type'] === 'module' ? 'module' : 'commonjs',
  };
}

/**
 * The worker's own order (it globs with the same library): what is named without a wildcard first, so that `index.js` of
 * `{index.js,functions/*.js}` comes before the functions; then the matches, which are sorted here so that the order is
 * the same on every machine.
 */
async function findMatches(pattern: string, folder: string): Promise<readonly string[]> {
  const files = new Set<string>();
  for (const task of fastGlob.generateTasks(pattern)) {
    const matches = await fastGlob(task.patterns, { cwd: folder, absolute: true });
    const ordered = task.dynamic ? matches.sort() : matches;
    for (const file of ordered) files.add(resolve(file));
  }
  return [...files];
}

async function requireFolder(folder: string): Promise<void> {
  try {
    if ((await stat(folder)).isDirectory()) return;
  } catch (error) {
    if (!hasCode(error, 'ENOENT') && !hasCode(error, 'ENOTDIR')) throw error;
    throw new ToolFailure(`The app folder ${folder} does not exist.`, {
      remedy: 'Name the folder that holds host.json and package.json.',
      cause: error,
    });
  }
  throw new ToolFailure(`${folder} is a file, not an app folder.`, {
    remedy: 'Name the folder that holds host.json and package.json.',
  });
}
