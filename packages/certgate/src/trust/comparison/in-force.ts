import { type EntryWindow, findEntryWindows, type ListedEntry, type TrustSnapshot } from '@certgate/core/internal';

/** Whether the gate admits by the entry at some time, as far as the document tells, leaving a lock aside. */
export function canAdmit(snapshot: TrustSnapshot, entry: ListedEntry): boolean {
  return findEntryWindows(snapshot, entry).length > 0;
}

/** Is there a moment in `windows` that is in none of `others`? */
export function isWider(windows: readonly EntryWindow[], others: readonly EntryWindow[]): boolean {
  const sorted = [...others].sort((one, other) => one.validFrom - other.validFrom);
  return windows.some(({ validFrom, validUntil }) => {
    const cover = (until: number, other: EntryWindow): number =>
      other.validFrom <= until ? Math.max(until, other.validUntil) : until;
    return sorted.reduce(cover, validFrom) < validUntil;
  });
}
