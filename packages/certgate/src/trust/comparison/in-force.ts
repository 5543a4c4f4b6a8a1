import {
  type EntryWindow,
  findEntryWindows,
  type ListedEntry,
  listEntries,
  type TrustedIdentity,
  type TrustSnapshot,
} from '@certgate/core/internal';

/** An identity, with the document that contains it. */
export interface HeldIdentity {
  readonly snapshot: TrustSnapshot;
  readonly identity: TrustedIdentity;
}

/**
 * Whether the gate admits by one of the identity's entries at some time, as far as the document shows. A lock is
 * ignored.
 */
export function canCall({ snapshot, identity }: HeldIdentity): boolean {
  return listEntries(identity).some((entry) => canAdmit(snapshot, entry));
}

export function canAdmit(snapshot: TrustSnapshot, entry: ListedEntry): boolean {
  return findEntryWindows(snapshot, entry).length > 0;
}

/**
 * Whether an entry of the identity admits at a moment at which it would not if the identity had the members `other`.
 */
export function admitsMore({ snapshot, identity }: HeldIdentity, other: Partial<TrustedIdentity>): boolean {
  return listEntries(identity).some((entry) =>
    isWider(snapshot, entry, { ...entry, identity: { ...identity, ...other } }),
  );
}

/** Whether there is a moment at which the document admits by `entry` and would not admit by `other`. */
export function isWider(snapshot: TrustSnapshot, entry: ListedEntry, other: ListedEntry): boolean {
  return hasMore(findEntryWindows(snapshot, entry), findEntryWindows(snapshot, other));
}

/** Whether `windows` contain a moment that none of `others` contains. */
export function hasMore(windows: readonly EntryWindow[], others: readonly EntryWindow[]): boolean {
  const sorted = [...others].sort((one, other) => one.validFrom - other.validFrom);
  return windows.some(({ validFrom, validUntil }) => {
    const cover = (until: number, other: EntryWindow): number =>
      other.validFrom <= until ? Math.max(until, other.validUntil) : until;
    return sorted.reduce(cover, validFrom) < validUntil;
  });
}
