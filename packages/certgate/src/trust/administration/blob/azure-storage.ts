import { type AzureNeed, loadAzurePackage } from '../../../azure-sdk/azure-packages.js';

export const storageNeed: AzureNeed = {
  subject: 'A store in a blob',
  packages: ['@azure/storage-blob', '@azure/identity'],
};

/** @throws {ToolFailure} if the package is missing or lacks one of these classes, with the command that installs it. */
export function loadAzureStorage(folder: string): AzureStoragePackage {
  const names = ['BlockBlobClient', 'AppendBlobClient', 'BlobServiceClient', 'StorageSharedKeyCredential'];
  return loadAzurePackage('@azure/storage-blob', names, folder, storageNeed) as AzureStoragePackage;
}

// The types of the part of @azure/storage-blob that we use. The user who keeps trust in a blob installs the package.
// tests/trust-administration-blob.test.ts runs this code with the real package.

export interface AzureStoragePackage {
  readonly BlockBlobClient: new (url: string, credential?: unknown, options?: ClientOptions) => BlockBlobClient;
  readonly AppendBlobClient: new (url: string, credential?: unknown, options?: ClientOptions) => AppendBlobClient;
  readonly BlobServiceClient: { fromConnectionString(text: string): { readonly credential: object } };
  readonly StorageSharedKeyCredential: new (accountName: string, accountKey: string) => object;
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
  withVersion(versionId: string): { download(): Promise<BlobDownload> };
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
