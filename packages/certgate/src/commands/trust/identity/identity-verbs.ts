import { InvalidArgumentError } from 'commander';
import { parseTime } from '../../command-line/option-values.js';
import { jsonOption, type Verb, type VerbTable } from '../../command-line/verb.js';
import { nameOptions, pinOptions, pinWords } from '../options/caller-options.js';
import { changeOptions, listChangeExitCodes, storeOption } from '../options/store-options.js';

export const identityVerbs: VerbTable = {
  list: {
    description: 'List who may call: each identity with its state, roles, pins and earliest end; or all about one.',
    arguments: { '[name]': 'show everything that the document says about this identity' },
    options: {
      '--pin <hex>': 'find whose pin has these digits, or nearly has them; the first 8 digits are enough',
      ...jsonOption,
      ...storeOption,
    },
    notes: [
      'The state says what the gate refuses everybody for who is this identity: locked, denied, disabled, ended, authority ended, authority not yet; "no usable pin or name" if its entries are refused for several reasons. "active" goes as far as the document tells: certgate trust explain asks with a certificate.',
    ],
    work: async () => (await import('./trust-list-command.js')).list,
    exitCodes: {
      0: 'the answer is printed; with --pin, an identity has such a pin',
      1: 'with --pin: no pin begins with these digits',
      2: "there is no such identity, no document, it can't be read, or it is not valid",
    },
    examples: [
      'CERTGATE_TRUST=trust.json certgate trust list --json',
      'certgate trust list billing --store file:trust.json',
      'certgate trust list --pin 60303AE22B998861 --store file:trust.json',
    ],
  },
  add: {
    description:
      'Add an identity with its certificate or with a name under an authority, or extend an existing one (--to-existing).',
    arguments: { '<name>': 'the name of the identity, as logs show it' },
    options: {
      '--role <role>': 'a role that it gets (repeatable); without one, it may call only functions that require no role',
      '--function <name>': 'a function that it may call (repeatable); without one, it may call every function',
      '--owner <text>': 'who is responsible for it',
      '--expires-at <time>': [
        'when its access ends, e.g. 2028-01-01T00:00:00Z; with --to-existing also `never`',
        parseEnd,
      ],
      '--to-existing': 'add the certificate, names, roles or functions to an existing identity',
      ...pinOptions,
      ...nameOptions,
      ...changeOptions,
    },
    work: async () => (await import('./trust-add-command.js')).add,
    exitCodes: listChangeExitCodes('the name or the certificate already exists, the certificate is unfit'),
    examples: [
      'certgate trust add billing --certificate billing.crt.pem --role orders.read --owner "payments team" --reason "monthly invoices" --store file:trust.json',
      'certgate trust add billing --issued-by corp --dns billing.corp.example --role orders.read --reason "monthly invoices" --store file:trust.json',
      'certgate trust add billing --to-existing --role orders.write --reason "credit notes" --store file:trust.json',
    ],
  },
  remove: {
    description: 'Remove an identity, or only some of its pins, names, roles or functions.',
    arguments: { '<name>': 'the identity' },
    options: {
      '--pin <hex>': pinWords,
      '--role <role>': 'only this role (repeatable)',
      '--function <name>': 'only this function (repeatable)',
      '--issued-by <authority>': 'with a name: the authority of that name',
      ...nameOptions,
      ...changeOptions,
    },
    work: async () => (await import('./trust-add-command.js')).remove,
    exitCodes: listChangeExitCodes('there is no such identity, pin, name, role or function', 'the document is written'),
    examples: [
      'certgate trust remove billing --reason "contract ended" --store file:trust.json',
      'certgate trust remove billing --issued-by corp --dns billing.corp.example --reason "moved" --store file:trust.json',
      'certgate trust remove billing --pin 9F86D081 --reason "rotated" --store file:trust.json',
    ],
  },
  enable: {
    ...describeSwitch('enable', 'audit done'),
    description: 'Enable an identity, or one of its pins, again.',
    exitCodes: {
      ...listChangeExitCodes('there is no such identity or pin'),
      1: 'others kept changing the document, or it is already enabled and is refused for another reason; nothing is written',
    },
  },
  disable: {
    ...describeSwitch('disable', 'key lost'),
    description: 'Disable an identity, or one of its pins. It stays listed, but is refused.',
  },
  rotate: {
    description: 'Give an identity a new certificate. The old ones stay valid for an overlap, then end.',
    arguments: { '<name>': 'the identity' },
    options: {
      '--overlap <duration>': [
        'how long the old certificates stay valid, e.g. 14d, 36h, 90m; 0 ends them at once',
        { parse: parseOverlap, isRequired: true },
      ],
      '--pin <hex>': pinWords,
      ...pinOptions,
      ...changeOptions,
    },
    work: async () => (await import('./trust-pin-command.js')).rotate,
    exitCodes: listChangeExitCodes(
      'there is no such identity or pin, the certificate is pinned already or unfit',
      'the document is written',
    ),
    examples: [
      'certgate trust rotate billing --certificate new.crt.pem --overlap 14d --reason "yearly" --store file:trust.json',
      'certgate trust rotate billing --thumbprint-sha256 60303AE22B998861BCE3B28F33EEC1BE758A213C86C93C076DBE9F558C11C752 --overlap 0 --reason "key lost" --store file:trust.json',
    ],
  },
  set: {
    description:
      'Change when a pin is valid, which authority must have issued its certificate, or for how long it accepts one without clientAuth.',
    arguments: { '<name>': 'the identity' },
    options: {
      '--pin <hex>': [pinWords, { isRequired: true }],
      '--not-before <time>': ['when the pin becomes valid, e.g. 2027-03-01T00:00:00Z; none: at once', parseBound],
      '--not-after <time>': [
        "when the pin ends, e.g. 2028-03-01T00:00:00Z; none: at the end of the certificate's validity",
        parseBound,
      ],
      '--issued-by <authority>': 'which authority of the document must have issued the certificate; none: any issuer',
      '--accept-without-client-auth-until <time>': [
        'accept this certificate without clientAuth (with only serverAuth) until this time, at most 90 days ahead; none ends it',
        parseBound,
      ],
      ...changeOptions,
    },
    work: async () => (await import('./trust-pin-command.js')).set,
    exitCodes: listChangeExitCodes('there is no such identity or pin, the pin would never be valid'),
    examples: [
      'certgate trust set billing --pin 9F86D081 --not-after 2028-03-01T00:00:00Z --reason "contract extended" --store file:trust.json',
      'certgate trust set billing --pin 9F86D081 --not-before none --reason "starts early" --store file:trust.json',
      'certgate trust set billing --pin 9F86D081 --accept-without-client-auth-until none --reason "has another certificate" --store file:trust.json',
    ],
  },
};

function describeSwitch(verb: 'enable' | 'disable', reason: string): Verb {
  return {
    arguments: { '<name>': 'the identity' },
    options: { '--pin <hex>': pinWords, ...changeOptions },
    work: async () => (await import('./trust-enable-command.js'))[verb],
    exitCodes: listChangeExitCodes('there is no such identity or pin'),
    examples: [
      `certgate trust ${verb} billing --reason "${reason}" --store file:trust.json`,
      `certgate trust ${verb} billing --pin 9F86D081 --reason "${reason}" --store file:trust.json`,
    ],
  };
}

const unitMilliseconds = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Parses a duration. Returns milliseconds. */
function parseOverlap(text: string): number {
  const match = /^(?<count>\d{1,5})(?<unit>[mhd])$/.exec(text);
  if (text === '0') return 0;
  if (match === null) throw new InvalidArgumentError('It must be a duration like 14d, 36h or 90m, or 0.');
  const unit = match.groups?.['unit'] as keyof typeof unitMilliseconds;
  return Number(match.groups?.['count']) * unitMilliseconds[unit];
}

function parseEnd(text: string): string {
  return text === 'never' ? text : parseTime(text);
}

function parseBound(text: string): string {
  return text === 'none' ? text : parseTime(text);
}
