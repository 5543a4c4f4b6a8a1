import { formatInstant } from '@certgate/core/internal';
import { Command } from 'commander';
import { addHelpSections } from '../command-line/help.js';
import { lockDocument } from '../../trust/administration/edits/lock-edits.js';
import { openTrustLocation } from '../../trust/administration/open-trust-location.js';
import { updateTrustDocument } from '../../trust/administration/update-trust-document.js';
import { reportUpdate } from './report-update.js';
import {
  addChangeOptions,
  addStoreOption,
  readChange,
  type ChangeFlags,
  type StoreFlags,
} from './options/store-options.js';

type LockFlags = StoreFlags & ChangeFlags;

export function trustLockCommand(): Command {
  const command = new Command('lock').description(
    'Shut every caller out until `trust unlock`. The identities stay as they are. There is no confirmation prompt.',
  );
  addStoreOption(command);
  addChangeOptions(command, { reasonRequired: false }).action(lock);
  return addHelpSections(command, {
    exitCodes: {
      0: 'the document is locked, or was already',
      1: 'others kept changing the document; nothing is written',
      2: "there is no document, or the store or an argument can't be used; nothing is written",
    },
    examples: [
      'certgate trust lock --store file:trust.json',
      'certgate trust lock --reason "breach at a partner" --refresh-interval 10 --store file:trust.json',
    ],
  });
}

async function lock(flags: LockFlags): Promise<void> {
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
        'To undo: npx --no-install certgate trust unlock --reason …',
      ],
      json: { locked: update.after.locked },
    },
    flags,
  );
}
