import {
  type EntryWindow,
  findEntryWindows,
  type ListedEntry,
  listEntries,
  type TrustedIdentity,
  type TrustSnapshot,
} from '@certgate/core/internal';

/** An identity in its document. */
export interface HeldIdentity {
  readonly snapshot: TrustSnapshot;
  readonly identity: TrustedIdentity;
}

/** Whether the gate admits by one of its entries at some time, as far as the document tells, leaving a lock aside. */
export function canCall({ snapshot, identity }: HeldIdentity): boolean {
  return listEntries(identity).some((entry) => canAdmit(snapshot, entry));
}

export function canAdmit(snapshot: TrustSnapshot, entry: ListedEntry): boolean {
  return findEntryWindows(snapshot, entry).length > 0;
}

/** Whether an entry admits at a moment at which it would not if the identity had `other` members. */
export function admitsMore({ snapshot, identity }: HeldIdentity, other: Partial<TrustedIdentity>): boolean {
  return listEntries(identity).some((entry) =>
    isWider(snapshot, entry, { ...entry, identity: { ...identity, ...other } }),
  );
}

/** Is there a moment at which the document admits by `entry` and would not by `other`? */
export function isWider(snapshot: TrustSnapshot, entry: ListedEntry, other: ListedEntry): boolean {
  return hasMore(findEntryWindows(snapshot, entry), findEntryWindows(snapshot, other));
}

/** Is there a moment in `windows` that is in none of `others`? */
export function hasMore(windows: readonly EntryWindow[], others: readonly EntryWindow[]): boolean {
  const sorted = [...others].sort((one, other) => one.validFrom - other.validFrom);
  return windows.some(({ validFrom, validUntil }) => {
    const cover = (until: number, other: EntryWindow): number =>
      other.validFrom <= until ? Math.max(until, other.validUntil) : until;
    return sorted.reduce(cover, validFrom) < validUntil;
  });
}
