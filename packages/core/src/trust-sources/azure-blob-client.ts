// A namespace import, because bundles of ES modules often begin with an import of `createRequire`, and a second import
// of that name does not compile.
import * as nodeModule from 'node:module';
import { join } from 'node:path';
import type { TrustBlobClient } from './blob-source.js';
import type { BlobAddress } from './trust-address.js';

/**
 * With the SDK's own settings, reporting that a storage is down takes 16 s, longer than one read may take by default.
 */
const clientOptions = { retryOptions: { maxTries: 2, retryDelayInMs: 500 } };

/**
 * A client that uses the app's own `@azure/storage-blob`, with `DefaultAzureCredential` from the app's own
 * `@azure/identity`, or for Azurite on this machine with its well-known key.
 *
 * @throws {Error} if a package is missing or can't be used, or if the app's token must not be sent to the host.
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
/** The SDK contains Azurite's key, which is the same for everybody. */
const azuriteConnection = 'UseDevelopmentStorage=true';

// The parts of the two packages that are used, as types: an app that keeps its trust document in a blob installs the
// packages. Tests compare these types with the real ones.

interface StoragePackage {
  readonly BlobClient: new (url: string, credential: unknown, options: object) => TrustBlobClient;
  readonly BlobServiceClient: { fromConnectionString(text: string): { readonly credential: unknown } };
}

interface IdentityPackage {
  readonly DefaultAzureCredential: new () => unknown;
}

// A bundler follows a `require` with a literal name: if the package is installed, the bundle contains it. Because the
// call is inside `try`, the bundler keeps it even if the package is missing, so that an app without blobs builds
// without it.

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
 * Requires a package from the app's root, which the worker makes its working directory before it loads the app. Called
 * if there is no `require` (in an ES module), or if `require` failed with `fault`.
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
