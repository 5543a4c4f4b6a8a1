import type { TrustSnapshot } from '../trust-snapshot/trust-snapshot.js';

type Listing = () => readonly TrustSnapshot[];

/** Of this library's own stores; a store of the user's own has no document that could be read. */
const listings = new WeakMap<object, Listing>();
/** By store: the stores of `firstOf` that it is a part of. */
const wholes = new WeakMap<object, readonly object[]>();

/** When a store is made. */
export function noteListing(store: object, listing: Listing, parts: readonly object[] = []): void {
  listings.set(store, listing);
  for (const part of parts) wholes.set(part, [...(wholes.get(part) ?? []), store]);
}

/** The documents in use now. None, where nobody can say. */
export function listDocuments(store: object): readonly TrustSnapshot[] {
  return listings.get(store)?.() ?? [];
}

/** The same, with those of the stores that `firstOf` has put beside it: what one denies, one document of all denies. */
export function listDocumentsTogether(store: object): readonly TrustSnapshot[] {
  const all = wholes.get(store);
  return all === undefined ? listDocuments(store) : [...new Set(all.flatMap(listDocumentsTogether))];
}
