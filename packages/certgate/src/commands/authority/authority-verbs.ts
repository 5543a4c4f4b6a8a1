import { InvalidArgumentError } from 'commander';
import { authorityKeyAlgorithms, revocationReasons } from '../../certificates/structure/certificate-choices.js';
import { parseDays } from '../certificate/certificate-options.js';
import { jsonOption, type VerbGroup } from '../command-line/verb.js';
import { authorityPasswordOptions, folderOption, listOptions, purposeHelp } from './authority-options.js';

const constraintsHelp =
  'Kinds of names without a --permit-… option stay unrestricted: with only --permit-dns, the authority still issues for any URI and mailbox.';

export const authorityVerbs: VerbGroup = {
  verbs: {
    create: {
      description:
        'Create an authority: its key (protected by a password), its certificate, its register and its first list.',
      arguments: { '<name>': 'its common name, and the name of its folder' },
      options: {
        '--parent <authority>': 'create an intermediate that this authority signs; without it, a root',
        '--parent-password-file <file>': "a file that contains only the parent's password",
        '--days <days>': ['how long it is valid, 1 to 3650 (default: 3650; below a parent 1825)', parseDays],
        '--key-algorithm <name>': ['the kind of its key', { choices: authorityKeyAlgorithms, default: 'ec-p256' }],
        '--path-length <count>': [
          'how many levels of authorities may be below it (default: 1; below a parent 0)',
          parsePathLength,
        ],
        '--organization <name>': 'the organization in its subject',
        '--permit-dns <name>': 'permit only this DNS name and those below it (repeatable)',
        '--permit-uri <host>': 'permit only URIs of this host, or with .example.org of hosts below it (repeatable)',
        '--permit-email <host>': 'permit only mailboxes of this host (repeatable)',
        ...jsonOption,
        ...authorityPasswordOptions,
        ...folderOption,
      },
      work: async () => (await import('./authority-create-command.js')).create,
      notes: [purposeHelp, constraintsHelp],
      exitCodes: {
        0: 'the authority is created',
        1: "another process took over the parent's lock; run the command again",
        2: "an argument can't be used, an authority of that name exists, a password is missing or wrong, or the parent may not sign it; nothing is written",
      },
      examples: [
        'certgate authority create corp',
        'certgate authority create corp --authority-password-file corp.password --days 730 --permit-dns corp.example',
        'certgate authority create corp-services --parent corp --parent-password-file corp.password --authority-password-file services.password',
      ],
    },
    list: {
      description: 'List the authorities of a folder: their parents, what they issued, and when their lists are due.',
      options: { ...jsonOption, ...folderOption },
      work: async () => (await import('./authority-list-command.js')).list,
      exitCodes: {
        0: 'the list is printed, even if it is empty',
        2: "the folder or an authority in it can't be read",
      },
      examples: ['certgate authority list', 'certgate authority list --folder /mnt/authorities --json'],
    },
    show: {
      description:
        'Show an authority, every certificate that it issued, and which of them are revoked. Needs no password.',
      arguments: { '<authority>': 'its name' },
      options: { ...jsonOption, ...folderOption },
      work: async () => (await import('./authority-list-command.js')).show,
      exitCodes: { 0: 'it is printed', 2: "there is no such authority, or its files can't be read" },
      examples: ['certgate authority show corp', 'certgate authority show corp --json'],
    },
    revoke: {
      description:
        'Revoke a certificate, and write the new revocation list (CRL) at once. There is no confirmation prompt, and revocation is permanent.',
      arguments: {
        '<authority>': 'the authority that issued it',
        '<certificate-file|serial>': 'the certificate in PEM, DER or base64, or its serial number in hexadecimal',
      },
      options: {
        '--reason <reason>': [
          'a reason of RFC 5280; removeFromCRL ends a certificateHold',
          { choices: [...revocationReasons, 'removeFromCRL'], isRequired: true },
        ],
        ...listOptions,
        ...jsonOption,
        ...authorityPasswordOptions,
        ...folderOption,
      },
      work: async () => (await import('./authority-revoke-command.js')).revoke,
      notes: [purposeHelp],
      exitCodes: {
        0: 'it is revoked (or was), and the new list is written',
        1: 'another process took over the lock; run the command again',
        2: "there is no such authority, it never issued that certificate, its password is missing or wrong, or an argument can't be used; nothing is written",
      },
      examples: [
        'certgate authority revoke corp billing.crt.pem --reason keyCompromise',
        'certgate authority revoke corp 4C8A7B00D1E2F3045566778899AABBCC --reason superseded --authority-password-file corp.password',
      ],
    },
    crl: {
      description: 'Write a new revocation list (CRL), with the next number, before the present one ends.',
      arguments: { '<authority>': 'its name' },
      options: { ...listOptions, ...jsonOption, ...authorityPasswordOptions, ...folderOption },
      work: async () => (await import('./authority-revoke-command.js')).writeList,
      notes: [purposeHelp],
      exitCodes: {
        0: 'the list is written',
        1: 'another process took over the lock; run the command again',
        2: "there is no such authority, its password is missing or wrong, or an argument can't be used; nothing is written",
      },
      examples: [
        'certgate authority crl corp',
        'certgate authority crl corp --list-days 30 --list-pem --authority-password-file corp.password',
      ],
    },
  },
};

function parsePathLength(text: string): number {
  if (/^\d$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number from 0 to 9.');
}
