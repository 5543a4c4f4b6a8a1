import type { TrustStore } from '../trust-store.js';
import type { RefreshOptions } from './refresh-options.js';
import { RefreshingTrustStore } from './refreshing-store.js';
import { type UrlSourceOptions, createUrlSource } from './url-source.js';

/** The options of every store that refreshes, and what the request needs. */
export interface UrlTrustOptions extends RefreshOptions, UrlSourceOptions {}

/**
 * A trust store over an HTTPS URL. A server that gives an ETag is asked for what changed since. A query, such as a shared
 * access signature, is never shown; nothing else that is secret may be in the URL. With `signedBy`, the signature is read
 * from the same URL with `.sig` behind the path.
 *
 * `url` may be undefined so that an app setting can be passed as it is; the app then fails to start.
 *
 * @throws {TypeError} for what is no `https:` URL (`http:` is allowed to this machine), an unknown option, no public key;
 * {RangeError} for a duration that is not a positive number.
 */
export function trustStoreFromUrl(url: string | undefined, options: UrlTrustOptions = {}): TrustStore {
  const entries = Object.entries(options);
  const isRequestOption = ([name]: readonly [string, unknown]): boolean => ['headers', 'ca'].includes(name);
  const request = Object.fromEntries(entries.filter(isRequestOption)) as UrlSourceOptions;
  const refresh = Object.fromEntries(entries.filter((entry) => !isRequestOption(entry))) as RefreshOptions;
  return new RefreshingTrustStore(createUrlSource(url, request), refresh);
}
