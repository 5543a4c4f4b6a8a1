import { findEntryWindows, type ListedEntry, type TrustSnapshot } from '@certgate/core/internal';

/** Whether the gate admits by the entry at some time, as far as the document tells, leaving a lock aside. */
export function canAdmit(snapshot: TrustSnapshot, entry: ListedEntry): boolean {
  return findEntryWindows(snapshot, entry).length > 0;
}
