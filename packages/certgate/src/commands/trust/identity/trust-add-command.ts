import type { TrustDocumentIdentity, TrustDocumentName } from '@certgate/core/internal';
import { formatTrustChange } from '../../../texts/tool-call.js';
import { ToolFailure } from '#local/tool-failure.js';
import {
  addIdentity,
  addToIdentity,
  expectNewName,
  getIdentity,
  type NewPin,
  removeFromIdentity,
  removeIdentity,
} from '../../../trust/administration/edits/identity-edits.js';
import { pick } from '../../command-line/option-values.js';
import { changeTrust, type ChangeVerb } from '../change-trust.js';
import type { NameFlags, PinFlags } from '../options/caller-options.js';
import { readNames, readNewPin } from '../options/read-caller-options.js';
import type { ChangeFlags } from '../options/store-options.js';

interface AddIdentityFlags extends ChangeFlags, PinFlags, NameFlags {
  readonly role?: readonly string[];
  readonly function?: readonly string[];
  readonly owner?: string;
  readonly expiresAt?: string;
  readonly toExisting?: boolean;
}

export async function add(name: string, flags: AddIdentityFlags): Promise<void> {
  const { newPin, asked } = await readNewPin(flags, Date.now());
  const names = readNames(flags, newPin !== undefined);
  const isNew = flags.toExisting !== true;
  await changeTrust(flags, {
    verb: 'add',
    guard: () => ({ asked }),
    edit: isNew ? create(name, flags, newPin, names) : extend(name, flags, newPin, names),
    report: () => ({ done: `Added ${isNew ? 'the identity' : 'to'} ${name}.` }),
  });
}

function create(
  name: string,
  flags: AddIdentityFlags,
  newPin: NewPin | undefined,
  names: readonly TrustDocumentName[],
): ChangeVerb['edit'] {
  if (newPin === undefined && names.length === 0) {
    return (document) => {
      // If the identity exists, the user wants to change it. That needs `--to-existing`, and no certificate.
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
  const { role: roles = [], function: functions } = flags;
  return (document, { reason }) =>
    addIdentity(document, {
      name,
      roles,
      reason,
      names,
      ...(functions === undefined ? {} : { functions }),
      ...pick(flags, 'owner', 'expiresAt'),
      ...newPin,
    });
}

function extend(
  name: string,
  flags: AddIdentityFlags,
  newPin: NewPin | undefined,
  names: readonly TrustDocumentName[],
): ChangeVerb['edit'] {
  const { role: roles = [], function: functions = [], expiresAt } = flags;
  return (document) =>
    addToIdentity(document, name, {
      roles,
      functions,
      names,
      ...pick(flags, 'owner'),
      ...(expiresAt === undefined ? {} : { expiresAt: expiresAt === 'never' ? null : expiresAt }),
      ...(newPin === undefined ? {} : { newPin }),
    });
}

interface RemoveIdentityFlags extends ChangeFlags, NameFlags {
  readonly pin?: readonly string[];
  readonly role?: readonly string[];
  readonly function?: readonly string[];
}

export async function remove(name: string, flags: RemoveIdentityFlags): Promise<void> {
  const { pin: pins = [], role: roles = [], function: functions = [] } = flags;
  const names = readNames(flags, false);
  const isWhole = pins.length + roles.length + functions.length + names.length === 0;
  await changeTrust(flags, {
    verb: 'remove',
    edit: (document) =>
      isWhole ? removeIdentity(document, name) : removeFromIdentity(document, name, { pins, roles, functions, names }),
    report: ({ before: { document } }) => {
      const removed = getIdentity(document, name);
      const notes = isWhole ? describeUndo(removed) : [];
      return { done: `Removed ${isWhole ? '' : 'from '}${removed.name}.`, notes, json: { removed } };
    },
  });
}

/** The members of an identity and of its one pin that `trust add` has options for. */
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

/**
 * Says how to undo the removal. It prints a command only if that adds exactly what was removed, apart from the reason.
 * A command without a restriction that was there would admit more callers.
 */
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
