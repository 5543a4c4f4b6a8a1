import { createHash } from 'node:crypto';
import { invalidArgument } from '@certgate/x509/internal';
import { describeFault } from '../encoding/describe-fault.js';
import { maximumDocumentLength } from '../trust-document/document-error.js';
import { type ByteStream, readCappedBody } from './document-bytes.js';
import { redactUrl, redactUrlsIn } from '../encoding/shown-url.js';
import { type TrustReadRequest, type TrustSource, type TrustSourceReading, rewordReadFault } from './trust-source.js';

/**
 * The part of the `BlobClient` of `@azure/storage-blob` 12 that is used. Core does not depend on that package, so it
 * only describes the type.
 */
export interface TrustBlobClient {
  readonly url: string;
  /** Downloads the blob from `offset` on: `count` bytes, or without `count` everything. */
  download(offset?: number, count?: number, options?: TrustBlobDownloadOptions): Promise<TrustBlobDownload>;
}

/** The options that are passed to `BlobClient.download`. */
export interface TrustBlobDownloadOptions {
  abortSignal?: AbortSignal;
  conditions?: { ifNoneMatch?: string };
}

/** The part of the answer of `BlobClient.download` that is read. */
export interface TrustBlobDownload {
  readonly etag?: string;
  readonly contentLength?: number;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly readableStreamBody?: ByteStream;
}

/** The signature is metadata of the blob, so one write changes the document and its signature together. */
const signatureMetadataKey = 'certgatesignature';

/**
 * Reads a trust document from a blob, and its signature from the blob's metadata.
 *
 * @throws {CertgateError} if `client` is not a BlobClient.
 */
export function createBlobSource(client: TrustBlobClient): TrustSource {
  const url = readClientUrl(client);
  const place = redactUrl(url);
  return {
    description: `blob ${place}`,
    // The URL's query may name a version of the blob, and may be a key. Its hash distinguishes two queries without
    // showing them.
    configuration: `blob ${place} ${createHash('sha256').update(url.href).digest('hex')}`,
    signatureDescription: `the blob's metadata, key ${signatureMetadataKey}`,
    read: async (request) => readBlob(client, request),
  };
}

function readClientUrl(client: unknown): URL {
  const expected = 'trustStoreFromBlob takes a BlobClient of @azure/storage-blob';
  if (typeof client !== 'object' || client === null) {
    throw invalidArgument(`${expected}, e.g. new BlobClient(url, new DefaultAzureCredential()).`);
  }
  const { url, download, getBlobClient } = client as Readonly<Record<string, unknown>>;
  if (typeof getBlobClient === 'function') {
    throw invalidArgument(`${expected}; this is its container: give containerClient.getBlobClient('trust.json').`);
  }
  if (typeof url !== 'string' || typeof download !== 'function' || !URL.canParse(url)) {
    throw invalidArgument(`${expected}; this has no url and download of one.`);
  }
  return new URL(url);
}

async function readBlob(client: TrustBlobClient, request: TrustReadRequest): Promise<TrustSourceReading> {
  const { lastVersion, signal: abortSignal, withSignature } = request;
  const conditions = lastVersion === undefined ? {} : { ifNoneMatch: lastVersion };
  let download: TrustBlobDownload;
  try {
    download = await client.download(0, undefined, { abortSignal, conditions });
  } catch (error) {
    if (lastVersion !== undefined && findStatus(error) === 304) return { changed: false };
    throw new Error(describeFailedDownload(error));
  }
  try {
    const { etag: version, metadata, contentLength, readableStreamBody } = download;
    if (readableStreamBody === undefined) throw new Error('the answer has no stream');
    const bytes = await readCappedBody(
      destroyOnAbort(readableStreamBody, abortSignal),
      maximumDocumentLength,
      contentLength,
    );
    return { changed: true, bytes, version, signature: withSignature ? findSignature(metadata) : undefined };
  } catch (error) {
    destroy(download.readableStreamBody);
    throw rewordReadFault(error, `the blob could not be read to its end: ${redactUrlsIn(describeFault(error))}`);
  }
}

/** Closes the body when the signal is aborted: the SDK's own use of the signal only ends the request. */
function destroyOnAbort(body: ByteStream, signal: AbortSignal): ByteStream {
  if (signal.aborted) destroy(body);
  signal.addEventListener('abort', () => {
    destroy(body);
  });
  return body;
}

function destroy(body: ByteStream | undefined): void {
  (body as { readonly destroy?: () => unknown } | undefined)?.destroy?.();
}

/**
 * The document's signature in the blob's metadata. HTTP header names have no letter case, and libraries spell them
 * differently.
 */
function findSignature(metadata: Readonly<Record<string, string>> | undefined): string | undefined {
  return Object.entries(metadata ?? {}).find(([key]) => key.toLowerCase() === signatureMetadataKey)?.[1];
}

function findStatus(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('statusCode' in error)) return undefined;
  return typeof error.statusCode === 'number' ? error.statusCode : undefined;
}

/**
 * Describes a failed download in one line. The SDK's own message has several lines, with the service's request id; the
 * error code is what helps.
 */
function describeFailedDownload(error: unknown): string {
  const status = findStatus(error);
  const [firstLine = ''] = redactUrlsIn(describeFault(error)).split(/[\r\n]/);
  // An error of @azure/identity, before the storage was asked. Its statusCode comes from the token's issuer.
  if (/^(?:CredentialUnavailable|\w*Authentication(?:Required)?)Error:/.test(firstLine)) {
    return `the app gets no token for the storage: does it have a managed identity, and does AZURE_CLIENT_ID name it if it is user-assigned? On your machine: az login (${firstLine})`;
  }
  if (status === undefined) return `the blob can't be reached: ${firstLine}`;
  const code = findErrorCode(error);
  const answer = `the storage answered ${status}${code === undefined ? '' : ` (${code})`}`;
  switch (status) {
    case 401:
    case 403:
      return `${answer}: the app's identity needs the role Storage Blob Data Reader on the container, and the storage's firewall must let the app in`;
    case 404:
      return `${answer}: ${code === 'ContainerNotFound' ? 'the container' : 'the blob (or its container)'} is not there`;
    case 304:
      return `${answer}, though nothing was asked for conditionally`;
    default:
      return `${answer}: ${firstLine}`;
  }
}

function findErrorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { code, details } = error as { readonly code?: unknown; readonly details?: unknown };
  if (typeof code === 'string') return code;
  if (typeof details !== 'object' || details === null || !('errorCode' in details)) return undefined;
  return typeof details.errorCode === 'string' ? details.errorCode : undefined;
}
