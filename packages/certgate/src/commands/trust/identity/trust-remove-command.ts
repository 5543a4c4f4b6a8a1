import type { TrustDocumentIdentity } from '@certgate/core/internal';
import { getIdentity, removeFromIdentity, removeIdentity } from '../../../trust/administration/edits/identity-edits.js';
import { openTrustLocation } from '../../../trust/administration/open-trust-location.js';
import { updateTrustDocument } from '../../../trust/administration/update-trust-document.js';
import { type NameFlags } from '../options/caller-options.js';
import { readNames } from '../options/read-caller-options.js';
import type { ChangeFlags } from '../options/store-options.js';
import { readChange } from '../options/read-change.js';
import { reportUpdate } from '../report-update.js';
import { formatTrustChange } from '../../../faults/tool-call.js';

interface RemoveFlags extends ChangeFlags, NameFlags {
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
      notes: isWhole ? describeUndo(removed) : [],
      json: { removed },
    },
    flags,
  );
}

/** What `trust add` can say of an identity and of its one pin. */
const addOptions: Readonly<Record<string, string>> = {
  thumbprintSha256: '--thumbprint-sha256',
  publicKeySha256: '--public-key-sha256',
  issuedBy: '--issued-by',
  notBefore: '--not-before',
  notAfter: '--not-after',
  roles: '--role',
  functions: '--function',
  owner: '--owner',
  expiresAt: '--expires-at',
};

/** A command only where it adds exactly what was there: one that leaves a restriction out would admit more. */
function describeUndo(removed: TrustDocumentIdentity): readonly string[] {
  const { name, pins: [pin, ...others] = [], ...rest } = removed;
  const parts = Object.entries({ ...rest, ...pin }).filter(([key]) => key !== 'reason');
  const isWhole = pin !== undefined && others.length === 0 && rest.functions?.length !== 0;
  const was = `It was: ${JSON.stringify(removed)}`;
  if (!isWhole || parts.some(([key]) => addOptions[key] === undefined)) return [`One command can't undo it. ${was}`];
  const options = parts.flatMap(([key, value]) =>
    [value as string | readonly string[]].flat().flatMap((each) => [addOptions[key] ?? '', each]),
  );
  return [was, `To undo: ${formatTrustChange('add', [name], options)}`];
}
