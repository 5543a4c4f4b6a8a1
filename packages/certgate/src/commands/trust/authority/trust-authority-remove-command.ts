import { Command } from 'commander';
import { addHelpSections } from '../../command-line/help.js';
import {
  getAuthority,
  removeAuthority,
  removeAuthorityCertificates,
} from '../../../trust/administration/edits/authority-edits.js';
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

interface RemoveFlags extends StoreFlags, ChangeFlags {
  readonly thumbprintSha256?: readonly string[];
}

export function trustAuthorityRemoveCommand(): Command {
  const command = new Command('remove')
    .description('Remove an authority to which nothing refers, or only some of its certificates.')
    .argument('<name>', 'the authority')
    .option(
      '--thumbprint-sha256 <hex>',
      'only the certificate with this thumbprint, or with at least its first eight digits (repeatable)',
      collect,
    );
  addStoreOption(command);
  addChangeOptions(command).action(remove);
  return addHelpSections(command, {
    exitCodes: {
      0: 'the document is written',
      1: 'others kept changing the document; nothing is written',
      2: "there is no such authority or certificate, something refers to it, or the store or an argument can't be used; nothing is written",
    },
    examples: [
      'certgate trust authority remove corp --reason "closed down" --store file:trust.json',
      'certgate trust authority remove corp --thumbprint-sha256 9F86D081 --reason "renewed" --store file:trust.json',
    ],
  });
}

async function remove(name: string, flags: RemoveFlags): Promise<void> {
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
