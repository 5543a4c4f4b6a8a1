import type { TrustDocumentName } from '@certgate/core/internal';
import { ToolFailure } from '../../../faults/tool-failure.js';
import {
  addIdentity,
  addToIdentity,
  expectNewName,
  type NewPin,
} from '../../../trust/administration/edits/identity-edits.js';
import { openTrustLocation } from '../../../trust/administration/open-trust-location.js';
import { type TrustEdit, updateTrustDocument } from '../../../trust/administration/update-trust-document.js';
import type { NameFlags, PinFlags } from '../options/caller-options.js';
import { readNames, readNewPin } from '../options/read-caller-options.js';
import type { ChangeFlags } from '../options/store-options.js';
import { readChange } from '../options/read-change.js';
import { reportUpdate } from '../report-update.js';

interface AddFlags extends ChangeFlags, PinFlags, NameFlags {
  readonly role?: readonly string[];
  readonly function?: readonly string[];
  readonly owner?: string;
  readonly expiresAt?: string;
  readonly toExisting?: boolean;
}

export async function add(name: string, flags: AddFlags): Promise<void> {
  const newPin = await readNewPin(flags, Date.now());
  const names = readNames(flags, newPin !== undefined);
  const change = await readChange('add', flags);
  const edit =
    flags.toExisting === true ? extend(name, flags, newPin, names) : create(name, flags, newPin, names, change.reason);
  const location = await openTrustLocation(flags.store);
  const update = await updateTrustDocument(location, change, edit);
  reportUpdate(location.description, update, { done: `Added ${describe(flags)} ${name}.` }, flags);
}

function describe({ toExisting }: AddFlags): string {
  return toExisting === true ? 'to' : 'the identity';
}

function create(
  name: string,
  flags: AddFlags,
  newPin: NewPin | undefined,
  names: readonly TrustDocumentName[],
  reason: string,
): TrustEdit {
  if (newPin === undefined && names.length === 0) {
    return (document) => {
      // Who changes the end of one that is there needs no certificate for it, but --to-existing.
      expectNewName(document, name);
      throw new ToolFailure('Without a certificate or a name under an authority, nobody can be this identity.', {
        remedy:
          'Pass the certificate with --certificate FILE, its hash with --thumbprint-sha256, or a name under an authority: --issued-by NAME --dns …',
      });
    };
  }
  if (flags.expiresAt === 'never') {
    throw new ToolFailure('--expires-at never requires --to-existing: a new identity has no end unless you set one.');
  }
  const { role = [], function: functions, owner, expiresAt } = flags;
  return (document) =>
    addIdentity(document, {
      name,
      roles: role,
      ...(functions === undefined ? {} : { functions }),
      ...(owner === undefined ? {} : { owner }),
      reason,
      ...(expiresAt === undefined ? {} : { expiresAt }),
      names,
      ...newPin,
    });
}

function extend(
  name: string,
  flags: AddFlags,
  newPin: NewPin | undefined,
  names: readonly TrustDocumentName[],
): TrustEdit {
  const { role = [], function: functions = [], owner, expiresAt } = flags;
  return (document) =>
    addToIdentity(document, name, {
      roles: role,
      functions,
      names,
      ...(owner === undefined ? {} : { owner }),
      ...(expiresAt === undefined ? {} : { expiresAt: expiresAt === 'never' ? null : expiresAt }),
      ...(newPin === undefined ? {} : { newPin }),
    });
}
