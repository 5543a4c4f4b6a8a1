import { Command } from 'commander';
import { addHelpSections } from '../command-line/help.js';
import { openTrustLocation } from '../../trust/administration/open-trust-location.js';
import { createTrustDocument } from '../../trust/administration/update-trust-document.js';
import { collect } from './options/pin-options.js';
import { reportUpdate } from './report-update.js';
import {
  addChangeOptions,
  addStoreOption,
  readChange,
  type ChangeFlags,
  type StoreFlags,
} from './options/store-options.js';

interface InitFlags extends StoreFlags, ChangeFlags {
  readonly audience?: readonly string[];
}

export function trustInitCommand(): Command {
  const command = new Command('init')
    .description('Create a trust document that admits nobody.')
    .option('--audience <app>', 'the name of an app that the document is for (repeatable)', collect);
  addStoreOption(command);
  addChangeOptions(command).action(init);
  return addHelpSections(command, {
    exitCodes: {
      0: 'the document is created',
      2: "there is a document already, the store can't be used, or an argument is wrong; nothing is written",
    },
    examples: [
      'certgate trust init --store file:trust.json --reason "first callers"',
      'certgate trust init --store blob:https://account.blob.core.windows.net/trust/trust.json --reason "first callers"',
    ],
  });
}

async function init(flags: InitFlags): Promise<void> {
  const location = await openTrustLocation(flags.store);
  const update = await createTrustDocument(location, await readChange('init', flags), {
    schemaVersion: 1,
    revision: 1,
    ...(flags.audience === undefined ? {} : { audience: flags.audience }),
    identities: [],
  });
  reportUpdate(
    location.description,
    update,
    {
      done: 'Created a trust document that admits nobody.',
      notes: ['Next: certgate trust add NAME --certificate FILE --reason …'],
    },
    flags,
  );
}
