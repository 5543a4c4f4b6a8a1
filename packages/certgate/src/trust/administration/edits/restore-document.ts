import type { TrustDocument } from '@certgate/core/internal';
import { denyCertificate } from './deny-list-edits.js';

/**
 * Takes everything from an earlier document, but keeps what shuts callers out on purpose: a lock, which only `unlock` ends,
 * and the entries of the deny list, which only `undeny` removes. The common reason to restore is a mistake in an identity,
 * and it must not bring a stolen certificate back.
 *
 * The revision stays that of the present document. Whoever writes the result raises it, because running apps refuse a lower
 * one: to copy an earlier version over the present one is therefore no way to restore it.
 *
 * An entry by serial number names an authority. If the earlier document has no authority of that name, the result is not
 * valid, and the caller must not write it.
 */
export function restoreDocument(present: TrustDocument, earlier: TrustDocument): TrustDocument {
  const { locked = earlier.locked, denied = [], revision } = present;
  const restored = denied.reduce(denyCertificate, { ...earlier, revision });
  return locked === undefined ? restored : { ...restored, locked };
}
