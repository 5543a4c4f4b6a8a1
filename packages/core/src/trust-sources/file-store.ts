import type { TrustStore } from '../trust-store.js';
import { createFileSource } from './file-source.js';
import type { RefreshOptions } from './refresh-options.js';
import { RefreshingTrustStore } from './refreshing-store.js';

/**
 * A trust store over a file, which is looked at again every `refreshIntervalSeconds`; an unreadable or invalid version
 * is refused whole, and the last good one stays in use up to `maximumStalenessSeconds`. With `signedBy`, the signature is
 * in the file of the same name with `.sig` behind it.
 *
 * Nothing is read before the app starts. `path` may be undefined so that the app setting which holds it can be passed
 * as it is: `trustStoreFromFile(process.env.CERTGATE_TRUST)`. The app then fails to start, and until then denies.
 *
 * @throws {RangeError} for a duration that is not a positive number; {TypeError} for an unknown option or no public key.
 */
export function trustStoreFromFile(path: string | undefined, options: RefreshOptions = {}): TrustStore {
  return new RefreshingTrustStore(createFileSource(path), options);
}
