import { invalidArgument } from '@certgate/x509/internal';
import { ComposedTrustStore } from './composed-store.js';
import type { TrustStore } from './trust-store.js';

/**
 * A store that combines several stores. Every store is asked about every certificate, and the strictest answer is used.
 * If one store denies, the caller is refused, whatever the others answer. While one store is unavailable, the caller is
 * refused as well. If two stores find different identities (name, roles or functions), the answer is
 * `identity_ambiguous`. The order of the stores only decides whose words are used, such as those of `matchedBy` and
 * `owner`.
 *
 * @example
 * ```ts
 * import { firstOf, trustStoreFromFile } from '@certgate/azure-functions';
 *
 * const trustStore = firstOf(trustStoreFromFile('partners.json'), trustStoreFromFile('own.json'));
 * ```
 *
 * @throws {CertgateError} if no store is given, or if an argument is not an object.
 */
export function firstOf(...stores: readonly TrustStore[]): TrustStore {
  const areStores = stores.every((each) => Object(each) === each);
  if (stores.length === 0 || !areStores) throw invalidArgument('firstOf needs trust stores, at least one.');
  return new ComposedTrustStore(stores);
}
