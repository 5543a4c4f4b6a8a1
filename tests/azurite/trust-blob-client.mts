// tests/trust-blob.test.ts compiles this file with the SDK's real types, to show that users can pass the SDK's clients
// without a cast.
import { DefaultAzureCredential } from '@azure/identity';
import { AppendBlobClient, BlobClient, BlobServiceClient, BlockBlobClient, PageBlobClient } from '@azure/storage-blob';
import { type TrustBlobClient, type TrustStore, trustStoreFromBlob } from '@certgate/core';

export const service: BlobServiceClient = new BlobServiceClient(
  'https://example.blob.core.windows.net',
  new DefaultAzureCredential(),
);
const container = service.getContainerClient('trust');

export const clients: readonly TrustBlobClient[] = [
  container.getBlobClient('trust.json') satisfies BlobClient,
  container.getBlockBlobClient('trust.json') satisfies BlockBlobClient,
  container.getAppendBlobClient('trust.json') satisfies AppendBlobClient,
  container.getPageBlobClient('trust.json') satisfies PageBlobClient,
];

export const store: TrustStore = trustStoreFromBlob(container.getBlobClient('trust.json'), {
  refreshIntervalSeconds: 30,
  signedBy: '-----BEGIN PUBLIC KEY-----',
});

// @ts-expect-error A container is not a blob.
trustStoreFromBlob(container);
// @ts-expect-error Its URL isn't either.
trustStoreFromBlob('https://example.blob.core.windows.net/trust/trust.json');
