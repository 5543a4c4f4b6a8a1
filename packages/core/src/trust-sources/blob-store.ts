import type { TrustStore } from '../trust-store.js';
import { type TrustBlobClient, createBlobSource } from './blob-source.js';
import type { RefreshOptions } from './refresh-options.js';
import { RefreshingTrustStore } from './refreshing-store.js';

/**
 * A trust store over a blob in Azure Storage, by your own `BlobClient` of `@azure/storage-blob` (credential, proxy and
 * retries included): `trustStoreFromBlob(new BlobClient(url, new DefaultAzureCredential()))`. A blob that didn't change
 * isn't transferred. With `signedBy`, the signature is the blob's metadata value `certgatesignature`.
 *
 * @throws {TypeError} for what is no BlobClient, an unknown option, no public key; {RangeError} for a duration that is
 * not a positive number.
 */
export function trustStoreFromBlob(blobClient: TrustBlobClient, options: RefreshOptions = {}): TrustStore {
  return new RefreshingTrustStore(createBlobSource(blobClient), options);
}
