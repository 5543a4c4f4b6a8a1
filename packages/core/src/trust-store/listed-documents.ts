import { readMember } from '@certgate/x509/internal';
import type { TrustSource } from '../trust-sources/trust-source.js';
import type { TrustSnapshot } from '../trust-snapshot/trust-snapshot.js';

type Listing = () => readonly TrustSnapshot[];

/** What the code lets a store read, and how: plain data without a secret. */
export interface StoreDescription {
  /** The document, then its mirror. Without `configuration`, more than that decides what is read. */
  readonly sources: readonly Pick<TrustSource, 'description' | 'configuration'>[];
  /** By the names of the options, with the defaults. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** Of this library's own stores; a store of the user's own has no document that could be read. */
const listings = new WeakMap<object, Listing>();
const descriptions = new WeakMap<object, () => readonly StoreDescription[]>();
/** By store: the stores of `firstOf` that it is a part of. */
const wholes = new WeakMap<object, readonly object[]>();

/** When a store is made. */
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

/** The documents in use now. None, where nobody can say. */
export function listDocuments(store: object): readonly TrustSnapshot[] {
  return listings.get(store)?.() ?? [];
}

/** The same, with those of the stores that `firstOf` has put beside it: what one denies, one document of all denies. */
export function listDocumentsTogether(store: object): readonly TrustSnapshot[] {
  const all = wholes.get(store);
  return all === undefined ? listDocuments(store) : [...new Set(all.flatMap(listDocumentsTogether))];
}

/** The stores that are asked. One that passes on another's report or answers is not taken for it. */
export function describeStores(store: object): readonly StoreDescription[] {
  const own = { description: 'a store of your own', configuration: readMember(store, 'configuration') as string };
  return descriptions.get(store)?.() ?? [{ sources: [own], options: {} }];
}
