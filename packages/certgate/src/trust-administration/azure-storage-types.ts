// The part of @azure/storage-blob and @azure/identity that is used, as shapes: the packages are brought by whoever keeps
// trust in a blob. Held by tests with the real ones.

export interface AzureStoragePackage {
  readonly BlockBlobClient: new (url: string, credential?: unknown, options?: ClientOptions) => BlockBlobClient;
  readonly AppendBlobClient: new (url: string, credential?: unknown, options?: ClientOptions) => AppendBlobClient;
  readonly StorageSharedKeyCredential: new (accountName: string, accountKey: string) => object;
}

export interface AzureIdentityPackage {
  readonly DefaultAzureCredential: new () => object;
}

export interface ClientOptions {
  readonly retryOptions?: {
    readonly maxTries?: number;
    readonly tryTimeoutInMs?: number;
    readonly maxRetryDelayInMs?: number;
  };
}

export interface BlobConditions {
  readonly ifMatch?: string;
  readonly ifNoneMatch?: string;
}

export interface BlockBlobClient {
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

export interface AppendBlobClient {
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
