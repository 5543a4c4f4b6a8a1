import { Command } from 'commander';
import { addHelpSections } from '../../command-line/help.js';
import { isEnabled, setEnabledWhere } from '../../trust-administration/edits/identity-edits.js';
import { listLockedIdentities } from '../../trust-administration/locked-identities.js';
import { openTrustLocation } from '../../trust-administration/open-trust-location.js';
import { readTrustHistory } from '../../trust-administration/trust-history.js';
import { updateTrustDocument } from '../../trust-administration/update-trust-document.js';
import { addLatencyOptions, describeLatency, type LatencyFlags } from './latency.js';
import { reportUpdate } from './report-update.js';
import {
  addChangeOptions,
  addStoreOption,
  readChange,
  type ChangeFlags,
  type StoreFlags,
} from './options/store-options.js';

type UnlockFlags = StoreFlags & ChangeFlags & LatencyFlags;

export function trustUnlockCommand(): Command {
  const command = new Command('unlock').description(
    'Undo `trust lock`: enable exactly those that it disabled, but for those that were disabled by name since.',
  );
  addStoreOption(command);
  addLatencyOptions(command);
  addChangeOptions(command).action(unlock);
  return addHelpSections(command, {
    exitCodes: {
      0: 'the document is written',
      1: 'others kept changing the document; nothing is written',
      2: "no lock is in force, the log can't tell whom it shut out, or the store or a word can't be used; nothing is written",
    },
    examples: ['certgate trust unlock --reason "breach is dealt with" --store file:trust.json'],
  });
}

async function unlock(flags: UnlockFlags): Promise<void> {
  const location = await openTrustLocation(flags.store);
  const change = await readChange('unlock', flags);
  const listEnabled = (before: { readonly identities: readonly Named[] }, after: typeof before): readonly string[] => {
    const enabled = new Set(before.identities.filter(isEnabled).map(({ name }) => name));
    return after.identities.filter((each) => isEnabled(each) && !enabled.has(each.name)).map(({ name }) => name);
  };
  const update = await updateTrustDocument(
    location,
    // The log shall say that the lock is over also when each was enabled by name meanwhile.
    { ...change, evenIfUnchanged: true, listIdentities: listEnabled },
    async (document, { documentSha256 }) => {
      const lines = await location.readLog();
      const history = readTrustHistory(lines, { documentSha256, revision: document.revision });
      const locked = listLockedIdentities(history);
      return setEnabledWhere(document, true, (each) => !isEnabled(each) && locked.has(each.name.toLowerCase()));
    },
  );
  const unlocked = listEnabled(update.before.document, update.after);
  const still = update.after.identities.filter((each) => !isEnabled(each)).map(({ name }) => name);
  const notes = [
    ...(still.length === 0
      ? []
      : [
          `Still disabled, by something else than the lock: ${still.slice(0, 20).join(', ')}${still.length > 20 ? ' …' : ''}`,
        ]),
    ...describeLatency(flags),
  ];
  reportUpdate(
    location.description,
    update,
    { done: `Unlocked: ${unlocked.length} enabled.`, notes, json: { unlocked, stillDisabled: still } },
    flags.json,
  );
}

interface Named {
  readonly name: string;
  readonly enabled?: boolean;
}
