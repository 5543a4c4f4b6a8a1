import { Command } from 'commander';
import { addHelpSections } from '../../command-line/help.js';
import { shellWord } from '../../../faults/safe-text.js';
import { getIdentity, removeFromIdentity, removeIdentity } from '../../../trust/administration/edits/identity-edits.js';
import { openTrustLocation } from '../../../trust/administration/open-trust-location.js';
import { updateTrustDocument } from '../../../trust/administration/update-trust-document.js';
import { collect } from '../options/pin-options.js';
import { reportUpdate } from '../report-update.js';
import {
  addChangeOptions,
  addStoreOption,
  readChange,
  type ChangeFlags,
  type StoreFlags,
} from '../options/store-options.js';
import { addNameOptions, readNames, type NameFlags } from '../options/name-options.js';

interface RemoveFlags extends StoreFlags, ChangeFlags, NameFlags {
  readonly pin?: readonly string[];
  readonly role?: readonly string[];
  readonly function?: readonly string[];
}

export function trustRemoveCommand(): Command {
  const command = new Command('remove')
    .description('Remove an identity, or only some of its pins, names, roles or functions.')
    .argument('<name>', 'the identity')
    .option('--pin <hex>', 'only this pin: its hash, or at least the first eight digits of it (repeatable)', collect)
    .option('--role <role>', 'only this role (repeatable)', collect)
    .option('--function <name>', 'only this function (repeatable)', collect)
    .option('--issued-by <authority>', 'with a name: the authority of that name');
  addNameOptions(command);
  addStoreOption(command);
  addChangeOptions(command).action(remove);
  return addHelpSections(command, {
    exitCodes: {
      0: 'the document is written',
      1: 'others kept changing the document; nothing is written',
      2: "there is no such identity, pin, name, role or function, or the store or an argument can't be used; nothing is written",
    },
    examples: [
      'certgate trust remove billing --reason "contract ended" --store file:trust.json',
      'certgate trust remove billing --issued-by corp --dns billing.corp.example --reason "moved" --store file:trust.json',
      'certgate trust remove billing --pin 9F86D081 --reason "rotated" --store file:trust.json',
    ],
  });
}

async function remove(name: string, flags: RemoveFlags): Promise<void> {
  const { pin: pins = [], role: roles = [], function: functions = [] } = flags;
  const names = readNames(flags, false);
  const isWhole = pins.length + roles.length + functions.length + names.length === 0;
  const location = await openTrustLocation(flags.store);
  const change = await readChange('remove', flags);
  const update = await updateTrustDocument(location, change, (document) =>
    isWhole ? removeIdentity(document, name) : removeFromIdentity(document, name, { pins, roles, functions, names }),
  );
  const removed = getIdentity(update.before.document, name);
  reportUpdate(
    location.description,
    update,
    {
      done: isWhole ? `Removed ${removed.name}.` : `Removed from ${removed.name}.`,
      notes: isWhole
        ? [`To undo: certgate trust add ${shellWord(removed.name)} … (it was: ${JSON.stringify(removed)})`]
        : [],
      json: { removed },
    },
    flags,
  );
}
