import type { TrustStore } from '../trust-store.js';
import { createAppSettingSource } from './app-setting-source.js';
import type { RefreshOptions } from './refresh-options.js';
import { RefreshingTrustStore } from './refreshing-store.js';

/**
 * A trust store over an app setting whose value is the document: `trustStoreFromAppSetting('TRUST_DOCUMENT')`. A Key
 * Vault or App Configuration reference works, since the platform puts what it refers to in the setting's place. With
 * `signedBy`, the signature is the app setting of the same name with `_SIGNATURE` behind it.
 *
 * An absent or empty setting, or one that is no valid document, keeps the app from starting; a reference that the
 * platform could not resolve doesn't, and gives 503.
 *
 * @throws {TypeError} for what is no name of an app setting, an unknown option, no public key; {RangeError} for a
 * duration that is not a positive number.
 */
export function trustStoreFromAppSetting(name: string, options: RefreshOptions = {}): TrustStore {
  return new RefreshingTrustStore(createAppSettingSource(name), options);
}
