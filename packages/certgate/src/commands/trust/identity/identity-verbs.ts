import { Command, InvalidArgumentError, Option } from 'commander';
import { addHelpSections } from '../../command-line/help.js';
import { loadWhenRun } from '../../command-line/load-when-run.js';
import { addNameOptions } from '../options/name-options.js';
import { addPinOptions } from '../options/pin-options.js';
import { collect, parseTime } from '../../command-line/option-values.js';
import { addChangeOptions, addStoreOption } from '../options/store-options.js';

export function trustListCommand(): Command {
  const command = new Command('list')
    .description('List who may call: each identity with its state, roles, pins and earliest end.')
    .option('--json', 'print one JSON object');
  addStoreOption(command).action(loadWhenRun(async () => (await import('./trust-list-command.js')).list));
  return addHelpSections(command, {
    exitCodes: { 0: 'the list is printed', 2: "there is no document, it can't be read, or it is not valid" },
    examples: ['certgate trust list --store file:trust.json', 'CERTGATE_TRUST=trust.json certgate trust list --json'],
  });
}

export function trustShowCommand(): Command {
  const command = new Command('show')
    .description('Show everything that the trust document says about one identity.')
    .argument('<name>', 'the identity; letter case is ignored')
    .option('--json', 'print one JSON object');
  addStoreOption(command).action(loadWhenRun(async () => (await import('./trust-show-command.js')).show));
  return addHelpSections(command, {
    exitCodes: {
      0: 'the identity is printed',
      2: "there is no such identity, no document, it can't be read, or it is not valid",
    },
    examples: ['certgate trust show billing --store file:trust.json'],
  });
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
  addChangeOptions(command).action(loadWhenRun(async () => (await import('./trust-add-command.js')).add));
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
  addChangeOptions(command).action(loadWhenRun(async () => (await import('./trust-remove-command.js')).remove));
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

export function trustEnableCommand(): Command {
  return createCommand('enable', 'Enable an identity, or one of its pins, again.', 'audit done');
}

export function trustDisableCommand(): Command {
  return createCommand(
    'disable',
    'Disable an identity, or one of its pins. It stays listed, but is refused.',
    'key lost',
  );
}

function createCommand(verb: 'enable' | 'disable', description: string, reason: string): Command {
  const command = new Command(verb)
    .description(description)
    .argument('<name>', 'the identity')
    .option('--pin <hex>', 'only this pin: its hash, or at least the first eight digits of it (repeatable)', collect);
  addStoreOption(command);
  addChangeOptions(command).action(loadWhenRun(async () => (await import('./trust-enable-command.js'))[verb]));
  return addHelpSections(command, {
    exitCodes: {
      0: 'the document is written, or is already as requested',
      1:
        verb === 'enable'
          ? 'others kept changing the document, or it is already enabled and is refused for another reason; nothing is written'
          : 'others kept changing the document; nothing is written',
      2: "there is no such identity or pin, or the store or an argument can't be used; nothing is written",
    },
    examples: [
      `certgate trust ${verb} billing --reason "${reason}" --store file:trust.json`,
      `certgate trust ${verb} billing --pin 9F86D081 --reason "${reason}" --store file:trust.json`,
    ],
  });
}

export function trustRotateCommand(): Command {
  const command = new Command('rotate')
    .description('Give an identity a new certificate. The old ones stay valid for an overlap, then end.')
    .argument('<name>', 'the identity')
    .requiredOption(
      '--overlap <duration>',
      'how long the old certificates stay valid, e.g. 14d, 36h, 90m; 0 ends them at once',
      parseDuration,
    );
  addPinOptions(command);
  addStoreOption(command);
  addChangeOptions(command).action(loadWhenRun(async () => (await import('./trust-rotate-command.js')).rotate));
  return addHelpSections(command, {
    exitCodes: {
      0: 'the document is written',
      1: 'others kept changing the document; nothing is written',
      2: "there is no such identity, the certificate is pinned already or unfit, or the store or an argument can't be used; nothing is written",
    },
    examples: [
      'certgate trust rotate billing --certificate new.crt.pem --overlap 14d --reason "yearly" --store file:trust.json',
      'certgate trust rotate billing --thumbprint-sha256 60303AE22B998861BCE3B28F33EEC1BE758A213C86C93C076DBE9F558C11C752 --overlap 0 --reason "key lost" --store file:trust.json',
    ],
  });
}

const unitMilliseconds = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Milliseconds. */
function parseDuration(text: string): number {
  const match = /^(?<count>\d{1,5})(?<unit>[mhd])$/.exec(text);
  if (text === '0') return 0;
  if (match === null) throw new InvalidArgumentError('It must be a duration like 14d, 36h or 90m, or 0.');
  const unit = match.groups?.['unit'] as keyof typeof unitMilliseconds;
  return Number(match.groups?.['count']) * unitMilliseconds[unit];
}

export function trustSetCommand(): Command {
  const command = new Command('set')
    .description(
      'Change the window in which a pin is valid, or for how long it accepts a certificate without clientAuth.',
    )
    .argument('<name>', 'the identity')
    .requiredOption(
      '--pin <hex>',
      'only this pin: its hash, or at least the first eight digits of it (repeatable)',
      collect,
    )
    .option('--not-before <time>', 'when the pin becomes valid, e.g. 2027-03-01T00:00:00Z; none: at once', parseBound)
    .option(
      '--not-after <time>',
      "when the pin ends, e.g. 2028-03-01T00:00:00Z; none: at the end of the certificate's validity",
      parseBound,
    )
    .option(
      '--accept-without-client-auth-until <time>',
      'accept this certificate without clientAuth (with serverAuth alone) until this time, at most 90 days ahead; none ends it',
      parseBound,
    );
  addStoreOption(command);
  addChangeOptions(command).action(loadWhenRun(async () => (await import('./trust-set-command.js')).set));
  return addHelpSections(command, {
    exitCodes: {
      0: 'the document is written, or is already as requested',
      1: 'others kept changing the document; nothing is written',
      2: "there is no such identity or pin, the pin would never be valid, or the store or an argument can't be used; nothing is written",
    },
    examples: [
      'certgate trust set billing --pin 9F86D081 --not-after 2028-03-01T00:00:00Z --reason "contract extended" --store file:trust.json',
      'certgate trust set billing --pin 9F86D081 --not-before none --reason "starts early" --store file:trust.json',
      'certgate trust set billing --pin 9F86D081 --accept-without-client-auth-until none --reason "has another certificate" --store file:trust.json',
    ],
  });
}

function parseBound(text: string): string {
  return text === 'none' ? text : parseTime(text);
}
