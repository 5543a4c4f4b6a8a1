import { formatInstant } from '@certgate/core/internal';
import { formatToolCall } from '../../faults/tool-call.js';
import { lockDocument } from '../../trust/administration/edits/lock-edits.js';
import { openTrustLocation } from '../../trust/administration/open-trust-location.js';
import { updateTrustDocument } from '../../trust/administration/update-trust-document.js';
import { type ChangeFlags, type StoreFlags } from './options/store-options.js';
import { readChange } from './options/read-change.js';
import { reportUpdate } from './report-update.js';

type LockFlags = StoreFlags & ChangeFlags;

export async function lock(flags: LockFlags): Promise<void> {
  const location = await openTrustLocation(flags.store);
  const change = await readChange('lock', flags);
  const { by, reason } = change;
  const wanted = { since: formatInstant(Date.now()), by, reason };
  const update = await updateTrustDocument(location, change, (document) => lockDocument(document, wanted));
  reportUpdate(
    location.description,
    update,
    {
      done: 'Locked: the document admits nobody.',
      notes: [
        "An instance that can't reach the document continues with the one it has, up to its maximumStalenessSeconds (by",
        'default a day from its last good read); one that refuses it, up to its maximumStalenessAfterRefusalSeconds (an',
        'hour). Trust stores of other documents are not locked, except together with this one in firstOf; functions',
        'that are anonymous stay open.',
        `To undo: ${formatToolCall(['trust', 'unlock', '--store', location.description])} --reason …`,
      ],
      json: { locked: update.after.locked },
    },
    flags,
  );
}
