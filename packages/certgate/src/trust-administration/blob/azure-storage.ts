import { createRequire } from 'node:module';
import { join } from 'node:path';
import { CommandFailure } from '../../command-line/command-failure.js';

/** Tested with these. */
const testedVersions = { '@azure/storage-blob': '12.32.0', '@azure/identity': '4.13.1' } as const;

type PackageName = keyof typeof testedVersions;

/**
 * The packages for blobs are not among this tool's dependencies: most who install it keep trust in a file, and they are
 * many megabytes. They are looked for where the tool is installed, then in the working folder.
 *
 * @throws {CommandFailure} with the line that installs them.
 */
export function loadAzureStorage(folder: string): AzureStoragePackage {
  const names = ['BlockBlobClient', 'AppendBlobClient', 'BlobServiceClient', 'StorageSharedKeyCredential'];
  return loadPackage('@azure/storage-blob', names, folder) as AzureStoragePackage;
}

export function loadAzureIdentity(folder: string): AzureIdentityPackage {
  return loadPackage('@azure/identity', ['DefaultAzureCredential'], folder) as AzureIdentityPackage;
}

function loadPackage(name: PackageName, classes: readonly string[], folder: string): unknown {
  const found = requireFrom(import.meta.url, name) ?? requireFrom(join(folder, 'package.json'), name);
  if (found === undefined) {
    throw new CommandFailure(`A store in a blob needs the package ${name}, which is not installed.`, {
      remedy: remedy(),
    });
  }
  const exported = found as Readonly<Record<string, unknown>>;
  const absent = classes.find((each) => typeof exported[each] !== 'function');
  if (absent === undefined) return exported;
  throw new CommandFailure(`The installed ${name} has no ${absent}, so this tool can't use its version.`, {
    remedy: remedy(),
  });
}

function requireFrom(place: string, name: PackageName): unknown {
  const require = createRequire(place);
  let path: string;
  try {
    path = require.resolve(name);
  } catch (fault) {
    if (fault instanceof Error && 'code' in fault && fault.code === 'MODULE_NOT_FOUND') return undefined;
    throw fault;
  }
  return require(path);
}

function remedy(): string {
  const packages = Object.entries(testedVersions).map(([name, version]) => `${name}@${version}`);
  return `npm install --save-dev ${packages.join(' ')}`;
}

// The part of @azure/storage-blob and @azure/identity that is used, as shapes: the packages are brought by whoever keeps
// trust in a blob. Held by tests with the real ones.

export interface AzureStoragePackage {
  readonly BlockBlobClient: new (url: string, credential?: unknown, options?: ClientOptions) => BlockBlobClient;
  readonly AppendBlobClient: new (url: string, credential?: unknown, options?: ClientOptions) => AppendBlobClient;
  readonly BlobServiceClient: { fromConnectionString(text: string): { readonly credential: object } };
  readonly StorageSharedKeyCredential: new (accountName: string, accountKey: string) => object;
}

interface AzureIdentityPackage {
  readonly DefaultAzureCredential: new () => object;
}

export interface ClientOptions {
  readonly retryOptions?: {
    readonly maxTries?: number;
    readonly tryTimeoutInMs?: number;
    readonly maxRetryDelayInMs?: number;
  };
}

interface BlobConditions {
  readonly ifMatch?: string;
  readonly ifNoneMatch?: string;
}

interface BlockBlobClient {
  download(): Promise<BlobDownload>;
  upload(
    body: Uint8Array,
    contentLength: number,
    options: {
      readonly conditions: BlobConditions;
      readonly metadata: Record<string, string>;
      readonly blobHTTPHeaders: { readonly blobContentType: string };
    },
  ): Promise<unknown>;
}

interface AppendBlobClient {
  download(): Promise<BlobDownload>;
  create(options: {
    readonly conditions: BlobConditions;
    readonly blobHTTPHeaders: { readonly blobContentType: string };
  }): Promise<unknown>;
  appendBlock(body: Uint8Array, contentLength: number): Promise<unknown>;
}

export interface BlobDownload {
  readonly etag?: string;
  readonly contentLength?: number;
  readonly metadata?: Record<string, string>;
  readonly readableStreamBody?: AsyncIterable<Uint8Array | string>;
}
