import { Command } from 'commander';
import { addHelpSections } from '../command-line/help.js';
import { isEnabled } from '../../trust/administration/edits/identity-edits.js';
import { unlockDocument } from '../../trust/administration/edits/lock-edits.js';
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

type UnlockFlags = StoreFlags & ChangeFlags;

export function trustUnlockCommand(): Command {
  const command = new Command('unlock').description(
    'End `trust lock`: the callers that the document lists are admitted again. Disabled identities stay disabled.',
  );
  addStoreOption(command);
  addChangeOptions(command).action(unlock);
  return addHelpSections(command, {
    exitCodes: {
      0: 'the document is written',
      1: 'others kept changing the document; nothing is written',
      2: "the document is not locked, or the store or an argument can't be used; nothing is written",
    },
    examples: ['certgate trust unlock --reason "breach is dealt with" --store file:trust.json'],
  });
}

async function unlock(flags: UnlockFlags): Promise<void> {
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
