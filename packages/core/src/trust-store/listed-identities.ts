import type { TrustedIdentity } from '../trust-snapshot/trust-snapshot.js';

type Listing = () => readonly (readonly TrustedIdentity[])[];

/** Of this library's own stores; a store of the user's own has no document that could be read. */
const listings = new WeakMap<object, Listing>();

/** When a store is made. */
export function noteListing(store: object, listing: Listing): void {
  listings.set(store, listing);
}

/** The identities of the documents in use now, a list for each. None, where nobody can say. */
export function listIdentities(store: object): readonly (readonly TrustedIdentity[])[] {
  return listings.get(store)?.() ?? [];
}
