import { readMember } from '@certgate/x509/internal';
import type { TrustSource } from '../trust-sources/trust-source.js';
import type { TrustSnapshot } from '../trust-snapshot/trust-snapshot.js';

type Listing = () => readonly TrustSnapshot[];

/** What the code lets a store read, and with which options: plain data without secrets. */
export interface StoreDescription {
  /**
   * The document's source, then its mirror. A source without `configuration` depends on more than its description
   * shows.
   */
  readonly sources: readonly Pick<TrustSource, 'description' | 'configuration'>[];
  /** The options by name, with their defaults. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** The documents of this library's own stores. A store of the user's own has no document that could be read. */
const listings = new WeakMap<object, Listing>();
const descriptions = new WeakMap<object, () => readonly StoreDescription[]>();
/** For each store, the stores of `firstOf` that it is a part of. */
const wholes = new WeakMap<object, readonly object[]>();

/** Registers a store when it is created. */
export function noteListing(
  store: object,
  listing: Listing,
  describe: () => readonly StoreDescription[],
  parts: readonly object[] = [],
): void {
  listings.set(store, listing);
  descriptions.set(store, describe);
  for (const part of parts) wholes.set(part, [...(wholes.get(part) ?? []), store]);
}

/** The documents that a store uses now, as far as they are known. Those of a user's own store are not. */
export function listDocuments(store: object): readonly TrustSnapshot[] {
  return listings.get(store)?.() ?? [];
}

/**
 * The same, with the documents of the stores that `firstOf` combines with this one: what one of these documents denies,
 * all of them deny.
 */
export function listDocumentsTogether(store: object): readonly TrustSnapshot[] {
  const all = wholes.get(store);
  return all === undefined ? listDocuments(store) : [...new Set(all.flatMap(listDocumentsTogether))];
}

/**
 * Describes the stores that are asked. A store of the user's own that passes on another's answers is described as
 * itself, not as the other.
 */
export function describeStores(store: object): readonly StoreDescription[] {
  const own = { description: 'a store of your own', configuration: readMember(store, 'configuration') as string };
  return descriptions.get(store)?.() ?? [{ sources: [own], options: {} }];
}
