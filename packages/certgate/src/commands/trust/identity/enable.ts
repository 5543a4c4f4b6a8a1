import { Command } from 'commander';
import { addHelpSections } from '../../../command-line/help.js';
import { getIdentity, setIdentityEnabled, setPinsEnabled } from '../../../trust-administration/edits/identity-edits.js';
import { openTrustLocation } from '../../../trust-administration/open-trust-location.js';
import { updateTrustDocument } from '../../../trust-administration/update-trust-document.js';
import { collect } from '../options/pin-options.js';
import { reportUpdate } from '../report-update.js';
import {
  addChangeOptions,
  addStoreOption,
  readChange,
  type ChangeFlags,
  type StoreFlags,
} from '../options/store-options.js';

interface EnableFlags extends StoreFlags, ChangeFlags {
  readonly pin?: readonly string[];
}

export function trustEnableCommand(): Command {
  return createCommand('enable', 'Let an identity, or one of its pins, count again.', 'audit done');
}

export function trustDisableCommand(): Command {
  return createCommand('disable', 'Refuse an identity, or one of its pins, from now on; it stays listed.', 'key lost');
}

function createCommand(verb: 'enable' | 'disable', description: string, reason: string): Command {
  const command = new Command(verb)
    .description(description)
    .argument('<name>', 'the identity')
    .option('--pin <hex>', 'only this pin: its hash, or the first eight digits or more (repeatable)', collect);
  addStoreOption(command);
  addChangeOptions(command).action((name: string, flags: EnableFlags) => setEnabled(verb, name, flags));
  return addHelpSections(command, {
    exitCodes: {
      0: 'the document is written, or says so already',
      1: 'others kept changing the document; nothing is written',
      2: "there is no such identity or pin, or the store or a word can't be used; nothing is written",
    },
    examples: [
      `certgate trust ${verb} billing --reason "${reason}" --store file:trust.json`,
      `certgate trust ${verb} billing --pin 9F86D081 --reason "${reason}" --store file:trust.json`,
    ],
  });
}

async function setEnabled(verb: 'enable' | 'disable', name: string, flags: EnableFlags): Promise<void> {
  const { pin: pins } = flags;
  const isEnable = verb === 'enable';
  const location = await openTrustLocation(flags.store);
  const change = await readChange(verb, flags);
  const update = await updateTrustDocument(location, change, (document) =>
    pins === undefined ? setIdentityEnabled(document, name, isEnable) : setPinsEnabled(document, name, pins, isEnable),
  );
  const what = pins === undefined ? '' : `${pins.length === 1 ? 'a pin' : `${pins.length} pins`} of `;
  const done = `${isEnable ? 'Enabled' : 'Disabled'} ${what}${getIdentity(update.after, name).name}.`;
  const undo = `To undo: certgate trust ${isEnable ? 'disable' : 'enable'} ${JSON.stringify(name)} …`;
  reportUpdate(location.description, update, { done, notes: [undo] }, flags);
}
