import type { TrustDocumentName } from '@certgate/core/internal';
import { Command, Option } from 'commander';
import { ToolFailure } from '../../../faults/tool-failure.js';
import { addHelpSections } from '../../command-line/help.js';
import {
  addIdentity,
  addToIdentity,
  expectNewName,
  type NewPin,
} from '../../../trust/administration/edits/identity-edits.js';
import { openTrustLocation } from '../../../trust/administration/open-trust-location.js';
import { updateTrustDocument, type TrustEdit } from '../../../trust/administration/update-trust-document.js';
import { addPinOptions, collect, parseTime, readNewPin, type PinFlags } from '../options/pin-options.js';
import { reportUpdate } from '../report-update.js';
import {
  addChangeOptions,
  addStoreOption,
  readChange,
  type ChangeFlags,
  type StoreFlags,
} from '../options/store-options.js';
import { addNameOptions, readNames, type NameFlags } from '../options/name-options.js';

interface AddFlags extends StoreFlags, ChangeFlags, PinFlags, NameFlags {
  readonly role?: readonly string[];
  readonly function?: readonly string[];
  readonly owner?: string;
  readonly expiresAt?: string;
  readonly toExisting?: boolean;
}

export function trustAddCommand(): Command {
  const command = new Command('add')
    .description(
      'Add an identity with its certificate or with a name under an authority, or extend an existing one (--to-existing).',
    )
    .argument('<name>', 'the name of the identity, as logs show it')
    .option(
      '--role <role>',
      'a role that it gets (repeatable); without one, it may call only functions that require no role',
      collect,
    )
    .option(
      '--function <name>',
      'a function that it may call (repeatable); without one, it may call every function',
      collect,
    )
    .option('--owner <text>', 'who is responsible for it')
    .addOption(
      new Option(
        '--expires-at <time>',
        'when its access ends, e.g. 2028-01-01T00:00:00Z; with --to-existing also `never`',
      ).argParser((text: string) => (text === 'never' ? text : parseTime(text))),
    )
    .option('--to-existing', 'add the certificate, names, roles or functions to an existing identity');
  addPinOptions(command);
  addNameOptions(command);
  addStoreOption(command);
  addChangeOptions(command).action(add);
  return addHelpSections(command, {
    exitCodes: {
      0: 'the document is written, or is already as requested',
      1: 'others kept changing the document; nothing is written',
      2: "the name or the certificate exists already, the certificate is unfit, or the store or an argument can't be used; nothing is written",
    },
    examples: [
      'certgate trust add billing --certificate billing.crt.pem --role orders.read --owner "payments team" --reason "monthly invoices" --store file:trust.json',
      'certgate trust add billing --issued-by corp --dns billing.corp.example --role orders.read --reason "monthly invoices" --store file:trust.json',
      'certgate trust add billing --to-existing --role orders.write --reason "credit notes" --store file:trust.json',
    ],
  });
}

async function add(name: string, flags: AddFlags): Promise<void> {
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
