import { Command } from 'commander';
import { addHelpSections } from '../../command-line/help.js';
import { isEnabled, listNewlyDisabled, setEnabledWhere } from '../../trust-administration/edits/identity-edits.js';
import { openTrustLocation } from '../../trust-administration/open-trust-location.js';
import { updateTrustDocument } from '../../trust-administration/update-trust-document.js';
import { addLatencyOptions, computeLatency, type LatencyFlags } from './latency.js';
import { reportUpdate } from './report-update.js';
import {
  addChangeOptions,
  addStoreOption,
  readChange,
  type ChangeFlags,
  type StoreFlags,
} from './options/store-options.js';

type LockFlags = StoreFlags & ChangeFlags & LatencyFlags;

export function trustLockCommand(): Command {
  const command = new Command('lock').description(
    'Shut everyone out: disable every identity in one write. It asks nothing; `trust unlock` undoes it.',
  );
  addStoreOption(command);
  addLatencyOptions(command);
  addChangeOptions(command, { reasonRequired: false }).action(lock);
  return addHelpSections(command, {
    exitCodes: {
      0: 'the document is written, or everyone is shut out already',
      1: 'others kept changing the document; nothing is written',
      2: "there is no document, or the store or a word can't be used; nothing is written",
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
  const update = await updateTrustDocument(location, { ...change, listIdentities: listNewlyDisabled }, (document) =>
    setEnabledWhere(document, false, isEnabled),
  );
  const seconds = computeLatency(flags);
  const locked = listNewlyDisabled(update.before.document, update.after);
  reportUpdate(
    location.description,
    update,
    {
      done: `Locked: ${locked.length} ${locked.length === 1 ? 'identity is' : 'identities are'} disabled, nobody is left.`,
      notes: [
        `Within ${seconds} s every running instance that can read the document refuses everyone (2 × refresh ${flags.refreshInterval} s + read ${flags.readTimeout} s); a busy one, within one refresh.`,
        'Not reached: an instance that can not read the document goes on with what it has, up to its',
        'maximumStalenessSeconds (a day by default); so do trust stores of other documents, and functions that are anonymous.',
        'To undo: certgate trust unlock --reason …',
      ],
      json: { locked, secondsUntilEveryInstanceRefuses: seconds },
    },
    flags.json,
  );
}
