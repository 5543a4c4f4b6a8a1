import { isEnabled } from '../../trust/administration/edits/identity-edits.js';
import { unlockDocument } from '../../trust/administration/edits/lock-edits.js';
import { openTrustLocation } from '../../trust/administration/open-trust-location.js';
import { updateTrustDocument } from '../../trust/administration/update-trust-document.js';
import type { ChangeFlags } from './options/store-options.js';
import { readChange } from './options/read-change.js';
import { reportUpdate } from './report-update.js';

type UnlockFlags = ChangeFlags;

export async function unlock(flags: UnlockFlags): Promise<void> {
  const location = await openTrustLocation(flags.store);
  const update = await updateTrustDocument(location, await readChange('unlock', flags), unlockDocument);
  const { identities } = update.after;
  const disabled = identities.filter((each) => !isEnabled(each)).map(({ name }) => name);
  const still = `Still disabled: ${disabled.slice(0, 20).join(', ')}${disabled.length > 20 ? ' …' : ''}`;
  reportUpdate(
    location.description,
    update,
    {
      done: `Unlocked: the callers that the document lists are admitted again, ${identities.length - disabled.length} of ${identities.length} enabled.`,
      notes: disabled.length === 0 ? [] : [still],
      json: { wasLocked: update.before.document.locked, disabled },
    },
    flags,
  );
}
