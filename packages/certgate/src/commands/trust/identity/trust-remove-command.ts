import { shellWord } from '../../../faults/safe-text.js';
import { getIdentity, removeFromIdentity, removeIdentity } from '../../../trust/administration/edits/identity-edits.js';
import { openTrustLocation } from '../../../trust/administration/open-trust-location.js';
import { updateTrustDocument } from '../../../trust/administration/update-trust-document.js';
import { type NameFlags, readNames } from '../options/name-options.js';
import { type ChangeFlags, type StoreFlags } from '../options/store-options.js';
import { readChange } from '../options/read-change.js';
import { reportUpdate } from '../report-update.js';

interface RemoveFlags extends StoreFlags, ChangeFlags, NameFlags {
  readonly pin?: readonly string[];
  readonly role?: readonly string[];
  readonly function?: readonly string[];
}

export async function remove(name: string, flags: RemoveFlags): Promise<void> {
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
