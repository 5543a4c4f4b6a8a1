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
 * A trust store over a file, which is looked at again every `refreshIntervalSeconds`; an unreadable or invalid version
 * is refused whole, and the last good one stays in use up to `maximumStalenessSeconds`. With `signedBy`, the signature is
 * in the file of the same name with `.sig` behind it.
 *
 * Nothing is read before the app starts. `path` may be undefined so that the app setting which holds it can be passed
 * as it is: `trustStoreFromFile(process.env.CERTGATE_TRUST)`. The app then fails to start, and until then denies.
 *
 * @example
 * ```ts
 * import { trustStoreFromFile } from '@certgate/azure-functions';
 *
 * const trustStore = trustStoreFromFile('trust.json', { maximumStalenessSeconds: 3600 });
 * ```
 *
 * @throws {CertgateError} for a duration that is not a positive number, an unknown option or no public key.
 */
export function trustStoreFromFile(path: string | undefined, options: RefreshOptions = {}): TrustStore {
  return new RefreshingTrustStore(createFileSource(path), options);
}

/**
 * A trust store over a blob in Azure Storage, by your own `BlobClient` of `@azure/storage-blob` (credential, proxy and
 * retries included): `trustStoreFromBlob(new BlobClient(url, new DefaultAzureCredential()))`. A blob that didn't change
 * isn't transferred. With `signedBy`, the signature is the blob's metadata value `certgatesignature`.
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
 * @throws {CertgateError} for what is no BlobClient, an unknown option, no public key, or a duration that is
 * not a positive number.
 */
export function trustStoreFromBlob(blobClient: TrustBlobClient, options: RefreshOptions = {}): TrustStore {
  return new RefreshingTrustStore(createBlobSource(blobClient), options);
}

/** The options of every store that refreshes, and what the request needs. */
export interface UrlTrustOptions extends RefreshOptions, UrlSourceOptions {}

/**
 * A trust store over an HTTPS URL. A server that gives an ETag is asked for what changed since. A query, such as a shared
 * access signature, is never shown; nothing else that is secret may be in the URL. With `signedBy`, the signature is read
 * from the same URL with `.sig` behind the path.
 *
 * `url` may be undefined so that an app setting can be passed as it is; the app then fails to start.
 *
 * @example
 * ```ts
 * import { trustStoreFromUrl } from '@certgate/azure-functions';
 *
 * const trustStore = trustStoreFromUrl('https://trust.example.com/trust.json');
 * ```
 *
 * @throws {CertgateError} for what is no `https:` URL (`http:` is allowed to this machine), an unknown option, no public key, or a
 * duration that is not a positive number.
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
 * Vault or App Configuration reference works, since the platform puts what it refers to in the setting's place. With
 * `signedBy`, the signature is the app setting of the same name with `_SIGNATURE` behind it.
 *
 * An absent or empty setting, or one that is no valid document, keeps the app from starting; a reference that the
 * platform could not resolve doesn't, and gives 503.
 *
 * @example
 * ```ts
 * import { trustStoreFromAppSetting } from '@certgate/azure-functions';
 *
 * const trustStore = trustStoreFromAppSetting('TRUST_DOCUMENT');
 * ```
 *
 * @throws {CertgateError} for what is no name of an app setting, an unknown option, no public key, or a
 * duration that is not a positive number.
 */
export function trustStoreFromAppSetting(name: string, options: RefreshOptions = {}): TrustStore {
  return new RefreshingTrustStore(createAppSettingSource(name), options);
}

/**
 * A trust store over the place that an app setting names, so that a team moves its trust document by changing the
 * setting: `trustStoreFrom(process.env.CERTGATE_TRUST)`. Who signs, which audience and which limits count stays in code.
 *
 * | `address` | is read as by |
 * |---|---|
 * | `trust.json`, `/path/trust.json`, `file:trust.json` | `trustStoreFromFile` |
 * | `https://example.com/trust.json` | `trustStoreFromUrl` |
 * | `blob:https://account.blob.core.windows.net/container/trust.json` | `trustStoreFromBlob`, with the app's own `@azure/storage-blob` and the `DefaultAzureCredential` of its own `@azure/identity`; `AZURE_CLIENT_ID` names a user-assigned identity |
 *
 * An address that is absent, that can't be one, or that needs a package which isn't installed keeps the app from
 * starting, and until then the app denies. It is not thrown here.
 *
 * Two addresses are a document and its mirror, for signed documents only: `trustStoreFrom([address, mirror], { signedBy })`.
 * Both are read when the app starts, and of the two documents the one with the higher revision is used. Later the mirror is
 * read while the first place gives no document, and only counts with a higher revision than the one in use. An app can so
 * start while its storage is away.
 *
 * @example
 * ```ts
 * import { trustStoreFrom } from '@certgate/azure-functions';
 *
 * const trustStore = trustStoreFrom(process.env.CERTGATE_TRUST, { refreshIntervalSeconds: 30 });
 * ```
 *
 * @throws {CertgateError} for a duration that is not a positive number, an unknown option, no public key, or a mirror
 * without `signedBy`.
 */
export function trustStoreFrom(
  address: string | undefined | readonly [address: string | undefined, mirror: string | undefined],
  options: RefreshOptions = {},
): TrustStore {
  return trustStoreFromAddress(address, options, (blob) => openAzureBlob(blob));
}

/** Opens a blob by a login of its own choice; what it throws keeps the app from starting. */
export type BlobOpener = (blob: BlobAddress) => TrustBlobClient;

/**
 * As `trustStoreFrom`, with what opens a blob given.
 *
 * The text comes from an app setting. So a text that is no address throws nothing here: an entry file that fails can
 * leave the app without its gate, and the functions of other files open. The store denies, and keeps the app from
 * starting.
 *
 * @throws {CertgateError} for a duration that is not a positive number, an unknown option, no public key, or a mirror
 * without `signedBy`.
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
    // Whoever can write to either place would decide who is admitted.
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
