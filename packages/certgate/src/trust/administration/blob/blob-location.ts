// blob/: a trust document in Azure Blob Storage: credential, conditional writes, and faults in words.

import type { BlobAddress } from '@certgate/core/internal';
import { formatToolCall } from '../../../texts/tool-call.js';
import { ToolFailure } from '#local/tool-failure.js';
import { type AzureStoragePackage, type BlobDownload, type ClientOptions, loadAzureStorage } from './azure-storage.js';
import { chooseBlobAccess, type BlobAccess } from './blob-credential.js';
import { explainBlobFault } from './blob-fault.js';
import { readAzureFault } from '../../../azure-sdk/azure-fault.js';
import {
  maximumDocumentBytes,
  maximumLogBytes,
  nameAside,
  type NewDocument,
  splitLogLines,
  type StoredDocument,
  type TrustLocation,
  type WriteOutcome,
} from '../location/trust-location.js';

/** The metadata key under which the running app looks for the signature. One request writes metadata and content. */
const signatureMetadataKey = 'certgatesignature';

const clientOptions: ClientOptions = {
  retryOptions: { maxTries: 3, tryTimeoutInMs: 30_000, maxRetryDelayInMs: 4_000 },
};

/**
 * A trust document in Azure Blob Storage. A write is conditional on the version that was read (`If-Match`), or on the
 * absence of a document (`If-None-Match: *`). The log of changes is an append blob, `<name>.log.jsonl`, next to the
 * document. Opening the location reads nothing from the storage yet.
 */
export function openBlobLocation(address: BlobAddress): TrustLocation {
  const folder = process.cwd();
  const storage = loadAzureStorage(folder);
  return new BlobLocation(address, storage, chooseBlobAccess(address, storage, process.env, folder));
}

class BlobLocation implements TrustLocation {
  readonly description: string;
  readonly #address: BlobAddress;
  readonly #storage: AzureStoragePackage;
  readonly #access: BlobAccess;
  /**
   * The metadata of the version that `read` returned last. A write that replaces this version keeps the entries that
   * others put there.
   */
  #lastMetadata: { readonly etag: string; readonly values: Record<string, string> } | undefined;

  constructor(address: BlobAddress, storage: AzureStoragePackage, access: BlobAccess) {
    this.description = `blob:${address.url}`;
    this.#address = address;
    this.#storage = storage;
    this.#access = access;
  }

  async read(): Promise<StoredDocument | undefined> {
    return this.#guard(async () => {
      const download = await this.#downloadOrNothing(new this.#storage.BlockBlobClient(...this.#open('')));
      if (download === undefined) return undefined;
      const { etag, metadata = {} } = download;
      if (etag === undefined) throw new ToolFailure(`${this.#address.url} has no ETag, so it can't be changed safely.`);
      const bytes = await collect(download, maximumDocumentBytes, this.#address.url);
      this.#lastMetadata = { etag, values: metadata };
      return { bytes, etag, signature: metadata[signatureMetadataKey] };
    });
  }

  /**
   * Reads a version that an account with versioning kept. Its signature is part of it, because a version includes its
   * metadata.
   */
  async readVersion(versionId: string): Promise<StoredDocument | undefined> {
    return this.#guard(async () => {
      const client = new this.#storage.BlockBlobClient(...this.#open('')).withVersion(versionId);
      const download = await this.#downloadOrNothing(client);
      if (download === undefined) return undefined;
      const { etag = '', metadata = {} } = download;
      const bytes = await collect(download, maximumDocumentBytes, this.#address.url);
      return { bytes, etag, signature: metadata[signatureMetadataKey] };
    });
  }

  /** Writes content and signature in one request, so the signature of the replaced version need not be kept. */
  async write({ bytes, signature }: NewDocument, etag: string | undefined): Promise<WriteOutcome> {
    const others = this.#lastMetadata?.etag === etag ? withoutSignature(this.#lastMetadata?.values ?? {}) : {};
    return this.#guard(async () => {
      try {
        await new this.#storage.BlockBlobClient(...this.#open('')).upload(bytes, bytes.length, {
          conditions: etag === undefined ? { ifNoneMatch: '*' } : { ifMatch: etag },
          metadata: signature === undefined ? others : { ...others, [signatureMetadataKey]: signature },
          blobHTTPHeaders: { blobContentType: 'application/json' },
        });
        return 'written';
      } catch (fault) {
        if (isConflict(fault)) return 'conflict';
        throw explainUnknownOutcome(fault, this.#address);
      }
    });
  }

  async keepAside(stored: StoredDocument): Promise<string> {
    const { bytes, signature } = stored;
    const suffix = nameAside(stored);
    return this.#guard(async () => {
      try {
        await new this.#storage.BlockBlobClient(...this.#open(suffix)).upload(bytes, bytes.length, {
          conditions: { ifNoneMatch: '*' },
          metadata: signature === undefined ? {} : { [signatureMetadataKey]: signature },
          blobHTTPHeaders: { blobContentType: 'application/octet-stream' },
        });
      } catch (fault) {
        // An earlier attempt stored the same bytes under this name.
        if (!isConflict(fault)) throw fault;
      }
      return `${this.description}${suffix}`;
    });
  }

  async appendLog(line: string): Promise<void> {
    const bytes = Buffer.from(`${line}\n`);
    const log = new this.#storage.AppendBlobClient(...this.#open('.log.jsonl'));
    await this.#guard(async () => {
      try {
        await log.appendBlock(bytes, bytes.length);
        return;
      } catch (fault) {
        if (readAzureFault(fault).code !== 'BlobNotFound') throw fault;
      }
      await this.#createLog(log);
      await log.appendBlock(bytes, bytes.length);
    });
  }

  async #createLog(log: InstanceType<AzureStoragePackage['AppendBlobClient']>): Promise<void> {
    try {
      await log.create({
        conditions: { ifNoneMatch: '*' },
        blobHTTPHeaders: { blobContentType: 'application/x-ndjson' },
      });
    } catch (fault) {
      // Another writer created the log at the same time.
      if (readAzureFault(fault).code !== 'BlobAlreadyExists') throw fault;
    }
  }

  async readLog(): Promise<readonly string[]> {
    return this.#guard(async () => {
      const download = await this.#downloadOrNothing(new this.#storage.AppendBlobClient(...this.#open('.log.jsonl')));
      if (download === undefined) return [];
      return splitLogLines(await collect(download, maximumLogBytes, `${this.#address.url}.log.jsonl`));
    });
  }

  async #downloadOrNothing(client: { download(): Promise<BlobDownload> }): Promise<BlobDownload | undefined> {
    try {
      return await client.download();
    } catch (fault) {
      if (readAzureFault(fault).code === 'BlobNotFound') return undefined;
      throw fault;
    }
  }

  #open(suffix: string): [string, object | undefined, ClientOptions] {
    const { credential, query } = this.#access;
    return [`${this.#address.url}${suffix}${query === undefined ? '' : `?${query}`}`, credential, clientOptions];
  }

  async #guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (fault) {
      throw explainBlobFault(fault, this.#address, this.#access.kind);
    }
  }
}

function withoutSignature(metadata: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).filter(([key]) => key !== signatureMetadataKey));
}

/**
 * Recognizes a write that expected another version, or no blob where there is one now. A lease on the blob is answered
 * with 412 too, but it is not a conflict of versions: another attempt would not help.
 */
function isConflict(thrown: unknown): boolean {
  const { status, code } = readAzureFault(thrown);
  return (status === 412 && code === 'ConditionNotMet') || (status === 409 && code === 'BlobAlreadyExists');
}

/** Reports an unknown outcome if the storage may have made the write although no success was reported. */
function explainUnknownOutcome(fault: unknown, { url }: BlobAddress): unknown {
  const { status, code, name } = readAzureFault(fault);
  const isCertain = status !== undefined && status < 500;
  if (isCertain || name === 'CredentialUnavailableError' || code === 'ENOTFOUND' || code === 'ECONNREFUSED')
    return fault;
  return new ToolFailure(
    `The answer of the storage was lost (${code || name}), so it is unknown whether the change was made.`,
    {
      remedy: `To find out: ${formatToolCall(['trust', 'log', '--store', `blob:${url}`])}`,
      cause: fault,
    },
  );
}

async function collect(
  { contentLength, readableStreamBody }: BlobDownload,
  maximumBytes: number,
  name: string,
): Promise<Uint8Array> {
  const tooLarge = (): ToolFailure => new ToolFailure(`${name} is larger than ${maximumBytes} bytes.`);
  if (contentLength !== undefined && contentLength > maximumBytes) throw tooLarge();
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of readableStreamBody ?? []) {
    const bytes = typeof part === 'string' ? Buffer.from(part) : Buffer.from(part);
    length += bytes.length;
    if (length > maximumBytes) throw tooLarge();
    parts.push(bytes);
  }
  if (contentLength !== undefined && length !== contentLength) {
    throw new ToolFailure(`${name} was cut short: ${length} of ${contentLength} bytes arrived.`, {
      remedy: 'Run it again.',
    });
  }
  return Buffer.concat(parts);
}
