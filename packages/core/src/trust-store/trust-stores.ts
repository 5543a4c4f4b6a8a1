import { copyOwn, invalidArgument } from '@certgate/x509/internal';
import { describeFault } from '../encoding/describe-fault.js';
import { redactUrlsIn } from '../encoding/shown-url.js';
import { createAppSettingSource } from '../trust-sources/app-setting-source.js';
import { openAzureBlob } from '../trust-sources/azure-blob-client.js';
import { createBlobSource, type TrustBlobClient } from '../trust-sources/blob-source.js';
import { createFileSource } from '../trust-sources/file-source.js';
import { parseTrustAddress, type BlobAddress } from '../trust-sources/trust-address.js';
import { type TrustSource, TrustSourceMisuse } from '../trust-sources/trust-source.js';
import { createUrlSource, type UrlSourceOptions } from '../trust-sources/url-source.js';
import type { RefreshOptions } from './refresh-options.js';
import { RefreshingTrustStore } from './refreshing-store.js';
import type { TrustStore } from './trust-store.js';

/**
 * A trust store over a file. While requests come, it is read again every `refreshIntervalSeconds`. A version that is
 * unreadable or not valid is refused as a whole, and the last good one stays in use: for at most
 * `maximumStalenessSeconds` if the file can't be read, and for at most `maximumStalenessAfterRefusalSeconds` if it was
 * read and refused. With `signedBy`, the signature is in the file of the same name with `.sig` after it.
 *
 * Nothing is read before the app starts. `path` may be undefined, so that you can pass the app setting that contains
 * it: `trustStoreFromFile(process.env.CERTGATE_TRUST)`. If it is undefined, the app fails to start, and denies until
 * then.
 *
 * @example
 * ```ts
 * import { trustStoreFromFile } from '@certgate/azure-functions';
 *
 * const trustStore = trustStoreFromFile('trust.json', { maximumStalenessSeconds: 3600 });
 * ```
 *
 * @throws {CertgateError} if an option is unknown or its value is not valid.
 */
export function trustStoreFromFile(path: string | undefined, options: RefreshOptions = {}): TrustStore {
  return new RefreshingTrustStore(createFileSource(path), options);
}

/**
 * A trust store over a blob in Azure Storage. It uses your own `BlobClient` of `@azure/storage-blob`, with its
 * credential, proxy and retries: `trustStoreFromBlob(new BlobClient(url, new DefaultAzureCredential()))`. A blob that
 * didn't change isn't transferred. With `signedBy`, the signature is the blob's metadata value `certgatesignature`.
 *
 * @example
 * ```ts
 * import { DefaultAzureCredential } from '@azure/identity';
 * import { BlobClient } from '@azure/storage-blob';
 * import { trustStoreFromBlob } from '@certgate/azure-functions';
 *
 * const url = 'https://example.blob.core.windows.net/trust/trust.json';
 * const trustStore = trustStoreFromBlob(new BlobClient(url, new DefaultAzureCredential()));
 * ```
 *
 * @throws {CertgateError} if `blobClient` is not a BlobClient, or if an option is unknown or its value is not valid.
 */
export function trustStoreFromBlob(blobClient: TrustBlobClient, options: RefreshOptions = {}): TrustStore {
  return new RefreshingTrustStore(createBlobSource(blobClient), options);
}

/** The options of every store that reads its document again and again, and those of its HTTPS requests. */
export interface UrlTrustOptions extends RefreshOptions, UrlSourceOptions {}

/**
 * A trust store over an HTTPS URL. If the server gives an ETag, a document that didn't change isn't transferred again.
 * A query, such as a shared access signature, is never shown in messages; the URL must not contain any other secret.
 * With `signedBy`, the signature is read from the same URL with `.sig` after the path.
 *
 * `url` may be undefined, so that you can pass an app setting. If it is undefined, the app fails to start.
 *
 * @example
 * ```ts
 * import { trustStoreFromUrl } from '@certgate/azure-functions';
 *
 * const trustStore = trustStoreFromUrl('https://trust.example.com/trust.json');
 * ```
 *
 * @throws {CertgateError} if `url` is not an `https:` URL (`http:` is allowed for this machine) or contains a user name
 * or password, or if an option is unknown or its value is not valid.
 */
export function trustStoreFromUrl(url: string | undefined, options: UrlTrustOptions = {}): TrustStore {
  const entries = Object.entries(options);
  const isRequestOption = ([name]: readonly [string, unknown]): boolean => ['headers', 'ca'].includes(name);
  const request: UrlSourceOptions = copyOwn(Object.fromEntries(entries.filter(isRequestOption)));
  const refresh = Object.fromEntries(entries.filter((entry) => !isRequestOption(entry))) as RefreshOptions;
  return new RefreshingTrustStore(createUrlSource(url, request), refresh);
}

/**
 * A trust store over an app setting whose value is the document: `trustStoreFromAppSetting('TRUST_DOCUMENT')`. A Key
 * Vault or App Configuration reference works, since the platform replaces it with the value that it refers to. With
 * `signedBy`, the signature is the app setting of the same name with `_SIGNATURE` after it.
 *
 * The app fails to start if the setting is absent or empty, or if its value is not a valid document. If the platform
 * could not resolve a reference, the app starts, and the gate answers with 503.
 *
 * @example
 * ```ts
 * import { trustStoreFromAppSetting } from '@certgate/azure-functions';
 *
 * const trustStore = trustStoreFromAppSetting('TRUST_DOCUMENT');
 * ```
 *
 * @throws {CertgateError} if `name` can't be the name of an app setting, or if an option is unknown or its value is not
 * valid.
 */
export function trustStoreFromAppSetting(name: string, options: RefreshOptions = {}): TrustStore {
  return new RefreshingTrustStore(createAppSettingSource(name), options);
}

/**
 * A trust store over the place that an app setting names: `trustStoreFrom(process.env.CERTGATE_TRUST)`. A team can then
 * move its trust document by changing the setting. The keys that sign it, the audience and the limits stay in code.
 *
 * | `address` | is read in the same way as by |
 * |---|---|
 * | `trust.json`, `/path/trust.json`, `file:trust.json` | `trustStoreFromFile` |
 * | `https://example.com/trust.json` | `trustStoreFromUrl` |
 * | `blob:https://account.blob.core.windows.net/container/trust.json` | `trustStoreFromBlob`, with the app's own `@azure/storage-blob` and the `DefaultAzureCredential` of its own `@azure/identity`; `AZURE_CLIENT_ID` names a user-assigned identity |
 *
 * The app fails to start, and denies until then, if the address is absent or not valid, or if it needs a package that
 * isn't installed. This function does not throw in these cases.
 *
 * Two addresses are a document and its mirror, for signed documents only:
 * `trustStoreFrom([address, mirror], { signedBy })`. Both are read when the app starts, and the document with the
 * higher revision is used. If the first address gives a document, the mirror has two seconds to answer. Later, the
 * mirror is read while the first address gives no document, and its document is used only if its revision is higher
 * than the one in use. So an app can start while its storage can't be reached.
 *
 * @example
 * ```ts
 * import { trustStoreFrom } from '@certgate/azure-functions';
 *
 * const trustStore = trustStoreFrom(process.env.CERTGATE_TRUST, { refreshIntervalSeconds: 30 });
 * ```
 *
 * @throws {CertgateError} if an option is unknown or its value is not valid, if there is a mirror without `signedBy`,
 * or if the list does not have two addresses.
 */
export function trustStoreFrom(
  address: string | undefined | readonly [address: string | undefined, mirror: string | undefined],
  options: RefreshOptions = {},
): TrustStore {
  return trustStoreFromAddress(address, options, (blob) => openAzureBlob(blob));
}

/** Opens a blob with a login that it chooses. If it throws, the app fails to start. */
export type BlobOpener = (blob: BlobAddress) => TrustBlobClient;

/**
 * Like `trustStoreFrom`, with a function that opens blobs.
 *
 * The address comes from an app setting. If it is not valid, this function must not throw: an entry file that fails can
 * leave the app without its gate, so that the functions of other files are open. Instead, the store denies and keeps
 * the app from starting.
 *
 * @throws {CertgateError} if an option is unknown or its value is not valid, if there is a mirror without `signedBy`,
 * or if the list does not have two addresses.
 */
export function trustStoreFromAddress(
  given: string | undefined | readonly (string | undefined)[],
  options: RefreshOptions,
  openBlob: BlobOpener,
): TrustStore {
  if (!Array.isArray(given)) return new RefreshingTrustStore(createAddressedSource(given as string, openBlob), options);
  const texts = given as readonly (string | undefined)[];
  if (texts.length !== 2) throw invalidArgument('trustStoreFrom takes one address, or two: [address, mirror].');
  if (!('signedBy' in options)) {
    // Without signatures, anybody who can write to one of the two places would decide who is admitted.
    throw invalidArgument('trustStoreFrom takes a mirror only for signed documents: add the option signedBy.');
  }
  const [source, mirror] = texts.map((text) => createAddressedSource(text, openBlob)) as [TrustSource, TrustSource];
  const isSame = mirror.configuration !== undefined && mirror.configuration === source.configuration;
  const fault = `needs two places, and its mirror is the same as the first: ${source.description}.`;
  const second = isSame ? createUnusableSource(mirror.description, fault) : mirror;
  return new RefreshingTrustStore(source, options, undefined, second);
}

function createAddressedSource(text: string | undefined, openBlob: BlobOpener): TrustSource {
  const address = parseTrustAddress(text);
  switch (address.kind) {
    case 'file':
      return createFileSource(address.path);
    case 'url':
      return createUrlSource(address.url, {});
    case 'blob':
      try {
        return createBlobSource(openBlob(address.blob));
      } catch (error) {
        const fault = redactUrlsIn(describeFault(error));
        return createUnusableSource(`blob ${address.blob.url}`, `can't open the blob ${address.blob.url}: ${fault}`);
      }
    case 'refused': {
      const hint = address.code === 'absent' ? ' Is the environment variable set, e.g. CERTGATE_TRUST?' : '';
      return createUnusableSource(
        'no usable address',
        `can't find the trust document. ${address.message}${hint} ${address.remedy}`,
      );
    }
  }
}

function createUnusableSource(description: string, fault: string): TrustSource {
  const misuse = new TrustSourceMisuse(`trustStoreFrom ${fault}`);
  return { description, read: () => Promise.reject(misuse) };
}
