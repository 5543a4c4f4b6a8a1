import {
  getAuthority,
  removeAuthority,
  removeAuthorityCertificates,
} from '../../../trust/administration/edits/authority-edits.js';
import { openTrustLocation } from '../../../trust/administration/open-trust-location.js';
import { updateTrustDocument } from '../../../trust/administration/update-trust-document.js';
import type { ChangeFlags } from '../options/store-options.js';
import { readChange } from '../options/read-change.js';
import { reportUpdate } from '../report-update.js';

interface RemoveFlags extends ChangeFlags {
  readonly thumbprintSha256?: readonly string[];
}

export async function remove(name: string, flags: RemoveFlags): Promise<void> {
  const { thumbprintSha256: thumbprints } = flags;
  const location = await openTrustLocation(flags.store);
  const change = await readChange('authority remove', flags);
  const update = await updateTrustDocument(location, change, (document) =>
    thumbprints === undefined
      ? removeAuthority(document, name)
      : removeAuthorityCertificates(document, name, thumbprints),
  );
  const removed = getAuthority(update.before.document, name);
  const done =
    thumbprints === undefined
      ? `Removed the authority ${removed.name}.`
      : `Removed from the authority ${removed.name}.`;
  reportUpdate(location.description, update, { done, json: { removed } }, flags);
}
