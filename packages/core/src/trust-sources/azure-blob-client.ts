// Not by name: bundles of ES modules often begin with an import of `createRequire`, and two of one name don't compile.
import * as nodeModule from 'node:module';
import { join } from 'node:path';
import type { TrustBlobClient } from './blob-source.js';
import type { BlobAddress } from './trust-address.js';

/** The SDK's own settings take 16 s to report a storage that is down, longer than one read may take. */
const clientOptions = { retryOptions: { maxTries: 2, retryDelayInMs: 500 } };

/**
 * A client of the app's own `@azure/storage-blob`, with the `DefaultAzureCredential` of its own `@azure/identity`.
 *
 * @throws {Error} where a package is missing, or where the host is none that a token may be sent to.
 */
export function openAzureBlob({ url, account, isAzure, isLoopback }: BlobAddress): TrustBlobClient {
  const { BlobClient, BlobServiceClient } = loadStorage();
  if (isAzure) return new BlobClient(url, new (loadIdentity().DefaultAzureCredential)(), clientOptions);
  if (isLoopback && account === azuriteAccount) {
    return new BlobClient(url, BlobServiceClient.fromConnectionString(azuriteConnection).credential, clientOptions);
  }
  throw new Error(
    `A token of the app's identity is sent to *.blob.core.windows.net and its counterparts in other Azure clouds only. For another host, give trustStoreFromBlob a BlobClient of your own.`,
  );
}

const azuriteAccount = 'devstoreaccount1';
/** The SDK knows the key, which is the same for everybody. */
const azuriteConnection = 'UseDevelopmentStorage=true';

// What is used of the two packages, as shapes: who keeps trust in a blob brings them. Tests hold them to the real ones.

interface StoragePackage {
  readonly BlobClient: new (url: string, credential: unknown, options: object) => TrustBlobClient;
  readonly BlobServiceClient: { fromConnectionString(text: string): { readonly credential: unknown } };
}

interface IdentityPackage {
  readonly DefaultAzureCredential: new () => unknown;
}

// A bundler follows a `require` of a text that stands in the code: it takes the package in where it is installed. And
// inside `try`, it leaves the call in place where it is not, so that an app without blobs builds without the package.

function loadStorage(): StoragePackage {
  let found: unknown;
  try {
    found = require('@azure/storage-blob');
  } catch (fault) {
    found = requireFromApp('@azure/storage-blob', fault);
  }
  return expectClasses(found, '@azure/storage-blob', ['BlobClient', 'BlobServiceClient']) as StoragePackage;
}

function loadIdentity(): IdentityPackage {
  let found: unknown;
  try {
    found = require('@azure/identity');
  } catch (fault) {
    found = requireFromApp('@azure/identity', fault);
  }
  return expectClasses(found, '@azure/identity', ['DefaultAzureCredential']) as IdentityPackage;
}

/**
 * Where there is no `require` (an ES module), or it doesn't know the package: from the app's root, which the worker makes
 * its working directory before it loads the app.
 */
function requireFromApp(name: string, fault: unknown): unknown {
  try {
    return nodeModule.createRequire(join(process.cwd(), 'package.json'))(name) as unknown;
  } catch {
    const [reason = ''] = (fault instanceof Error ? fault.message : '').split('\n', 1);
    const isAbsent = /^Cannot find (?:module|package)|^require\w* is not defined|^Dynamic require/.test(reason);
    throw new Error(
      `A trust document in a blob needs the package ${name}, which ${isAbsent ? 'is not installed' : `can't be loaded (${reason})`}. In the app's folder: ${installation}`,
    );
  }
}

function expectClasses(found: unknown, name: string, classes: readonly string[]): unknown {
  const exported = found as Readonly<Record<string, unknown>>;
  const absent = classes.find((each) => typeof exported[each] !== 'function');
  if (absent === undefined) return exported;
  throw new Error(`The installed ${name} has no ${absent}. In the app's folder: ${installation}`);
}

const installation = 'npm install @azure/storage-blob@12 @azure/identity@4';
