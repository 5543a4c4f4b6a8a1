import type { TestContext } from 'node:test';
import { type RefreshOptions, type TrustBlobClient, type TrustStore, trustStoreFromBlob } from '@certgate/core';
import type { Azurite, BlockBlobClient, ContainerClient } from './azurite.js';
import { type StorageProxy, startStorageProxy } from './storage-proxy.js';
import { type Traffic, type TrustScene, createTraffic } from './trust-scene.js';

export interface BlobStage {
  readonly proxy: StorageProxy;
  /** The client that the store reads with, through the proxy. */
  readonly client: TrustBlobClient;
  readonly store: TrustStore;
  readonly traffic: Traffic;
  readonly container: ContainerClient;
  /** A client that writes directly to the storage, as another machine would. */
  readonly blob: BlockBlobClient;
  readonly write: (content: string | Uint8Array, metadata?: Readonly<Record<string, string>>) => Promise<void>;
  /** Why the latest read failed. Empty if it did not fail. */
  readonly faultOf: () => string;
  readonly revisionOf: () => number | undefined;
}

export interface BlobStageOptions {
  readonly refresh?: RefreshOptions;
  /** Options of the SDK for the client that reads. */
  readonly client?: object;
}

/**
 * A short interval, so that a test covers many of them. The timeout is long, because a read may be slow on a busy
 * machine.
 */
export const quickRefresh: RefreshOptions = { refreshIntervalSeconds: 0.1, readTimeoutSeconds: 30 };

/** Short times for a storage that hangs. On a busy machine, even an ordinary read may time out. */
export const impatientRefresh: RefreshOptions = { refreshIntervalSeconds: 0.1, readTimeoutSeconds: 0.5 };

let stages = 0;

/**
 * Makes a container with one document, a store that reads it through a proxy, and callers. The store is not started.
 */
export async function createBlobStage(
  context: TestContext,
  azurite: Azurite,
  scene: TrustScene,
  { refresh = quickRefresh, client: clientOptions = {} }: BlobStageOptions = {},
): Promise<BlobStage> {
  stages += 1;
  const names = [`trust-${stages}`, 'trust.json'] as const;
  const proxy = await startStorageProxy(azurite.endpoint);
  context.after(() => proxy.close());
  const container = azurite.connect().getContainerClient(names[0]);
  await container.create();
  const blob = container.getBlockBlobClient(names[1]);
  const remote = azurite.connect(proxy.endpoint, clientOptions);
  const client = remote.getContainerClient(names[0]).getBlockBlobClient(names[1]);
  const store = trustStoreFromBlob(client, refresh);
  const write = async (content: string | Uint8Array, metadata = {}): Promise<void> => {
    await blob.upload(content, Buffer.byteLength(content), { metadata });
  };
  await write(scene.text(1));
  const faultOf = (): string => store.report?.().fault ?? '';
  const revisionOf = (): number | undefined => store.report?.().revision;
  return { proxy, client, store, traffic: createTraffic(scene, store), container, blob, write, faultOf, revisionOf };
}
