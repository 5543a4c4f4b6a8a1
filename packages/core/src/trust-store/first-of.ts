import { invalidArgument } from '@certgate/x509/internal';
import { ComposedTrustStore } from './composed-store.js';
import type { TrustStore } from './trust-store.js';

/**
 * A store of several stores. Every one is asked about every certificate, and the strictest answer counts: a store that
 * denies shuts the caller out whatever the others say; so does, for the time being, one that is unavailable; two stores
 * that find different identities (name, roles or functions) are `identity_ambiguous`. The order of the stores decides
 * nothing but which store's words stand in the log.
 *
 * @example
 * ```ts
 * import { firstOf, trustStoreFromFile } from '@certgate/azure-functions';
 *
 * const trustStore = firstOf(trustStoreFromFile('partners.json'), trustStoreFromFile('own.json'));
 * ```
 *
 * @throws {CertgateError} when no store is given, or something else.
 */
export function firstOf(...stores: readonly TrustStore[]): TrustStore {
  const areStores = stores.every((each) => Object(each) === each);
  if (stores.length === 0 || !areStores) throw invalidArgument('firstOf needs trust stores, at least one.');
  return new ComposedTrustStore(stores);
}
