import { InvalidArgumentError } from 'commander';
import { passwordOptions } from '../certificate/password-options.js';
import { findStart, parseStart } from '../command-line/option-values.js';
import { type Options, type Verb, type VerbTable } from '../command-line/verb.js';
import {
  changeOptions,
  listChangeExitCodes,
  optionalReason,
  parseRevision,
  signOptions,
  storeOption,
} from './options/store-options.js';

export const initVerb: VerbTable = {
  init: {
    description: 'Create a trust document that admits nobody.',
    options: { '--audience <app>': 'the name of an app that the document is for (repeatable)', ...changeOptions },
    work: async () => (await import('./trust-lock-command.js')).init,
    exitCodes: {
      0: 'the document is created',
      2: "there is a document already, the store can't be used, or an argument is wrong; nothing is written",
    },
    examples: [
      'certgate trust init --store file:trust.json --reason "first callers"',
      'certgate trust init --store blob:https://account.blob.core.windows.net/trust/trust.json --reason "first callers"',
    ],
  },
};

export const denyListVerbs: VerbTable = {
  deny: {
    ...describeDenial('deny', 'laptop stolen'),
    description:
      'Put a certificate on the deny list, by its thumbprint or by its serial number under an authority. It is then refused whatever else the document says.',
  },
  undeny: {
    ...describeDenial('undeny', 'found again'),
    description: 'Remove a certificate from the deny list.',
  },
};

function describeDenial(verb: 'deny' | 'undeny', reason: string): Verb {
  const fault = "the certificate, the store or an argument can't be used; nothing is written";
  return {
    arguments: { '[certificate]': 'its SHA-256 thumbprint, or its file: PFX, PEM, DER or base64' },
    options: {
      '--issued-by <authority>': 'with --serial: the authority that issued it',
      '--serial <hex>': 'its serial number in hexadecimal; colons and spaces are fine',
      ...passwordOptions,
      ...changeOptions,
    },
    work: async () => (await import('./trust-deny-command.js'))[verb],
    exitCodes: {
      ...listChangeExitCodes(''),
      2: verb === 'deny' ? fault : `it is not on the deny list, or ${fault}`,
    },
    examples: [
      `certgate trust ${verb} billing.crt.pem --reason "${reason}" --store file:trust.json`,
      `certgate trust ${verb} --issued-by corp --serial 0A1B2C --reason "${reason}" --store file:trust.json`,
    ],
  };
}

const revisionOption: Options = {
  '--revision <number>': [
    'the number of the new document, above every revision that running apps have read: for a document that is damaged, missing, of a newer version, or an earlier one that was copied back',
    parseRevision,
  ],
};

export const documentVerbs: VerbTable = {
  lock: {
    description:
      'Shut every caller out until `trust unlock`. The identities stay as they are. There is no confirmation prompt.',
    options: { ...storeOption, ...revisionOption, ...changeOptions, ...optionalReason },
    work: async () => (await import('./trust-lock-command.js')).lock,
    exitCodes: listChangeExitCodes(
      "the document is missing or can't be read and --revision is missing",
      'the document is locked, or was already',
    ),
    examples: [
      'certgate trust lock --store file:trust.json',
      'certgate trust lock --reason "breach at a partner" --refresh-interval 10 --store file:trust.json',
      'certgate trust lock --revision 42 --store file:damaged.json',
    ],
  },
  unlock: {
    description:
      'End `trust lock`: the callers that the document lists are admitted again. Disabled identities stay disabled.',
    options: changeOptions,
    work: async () => (await import('./trust-lock-command.js')).unlock,
    exitCodes: listChangeExitCodes('the document is not locked', 'the document is written'),
    examples: ['certgate trust unlock --reason "breach is dealt with" --store file:trust.json'],
  },
  log: {
    description:
      'Show who changed the trust document, when and why, and whether something other than this tool changed it.',
    options: {
      '--identity <name>': 'only changes that concern this identity, or may concern it',
      '--since <time>': [
        'only changes from this time on: a number of days before now, like 30d, or a time, like 2027-03-01T00:00:00Z',
        parseSince,
      ],
      '--roles': ['instead of changes: who has which role now, since when, by whom and why', { conflicts: ['since'] }],
      '--export <format>': ['print it for a spreadsheet: csv', parseExport],
      '--json': ['print one JSON object', { conflicts: ['export'] }],
      ...storeOption,
    },
    work: async () => (await import('./trust-log-command.js')).showLog,
    exitCodes: {
      0: 'the log is printed; it explains the document completely (with --since: since then)',
      1: "the log is printed; the document was changed by something other than this tool or can't be read, or lines are damaged",
      2: "there is no document, it can't be read and there is no log (or --roles is given), or the store or an argument can't be used",
      3: 'the log is printed; the document was there before the log begins, so its first changes are not known',
    },
    examples: [
      'certgate trust log --store file:trust.json',
      'certgate trust log --identity billing --since 30d --store file:trust.json',
      'certgate trust log --roles --export csv --store file:trust.json > roles.csv',
      'certgate trust log --export csv --store file:trust.json > changes.csv',
    ],
    notes: [
      'The log is not signed: anybody who can write to the storage can forge it.',
      'Lines of earlier versions do not say whom a change concerns, so --identity shows them as changes that may concern it.',
    ],
  },
  sign: {
    description: 'Sign the document as it is, for apps that require a signature (`signedBy`).',
    options: {
      ...storeOption,
      '--document-sha256 <hex>': [
        'sign only if the stored document has this hash, so that it is the one that you looked at',
        parseSha256,
      ],
      ...signOptions,
    },
    work: async () => (await import('./trust-restore-command.js')).sign,
    exitCodes: {
      ...listChangeExitCodes('', 'the signature is stored with the document'),
      2: "there is no document, --document-sha256 is the hash of another one, it is not valid, or the key or an argument can't be used; nothing is written",
    },
    examples: [
      'certgate trust sign --signing-key signing.key.pem --reason "reviewed" --store file:trust.json',
      'certgate trust sign --signing-key signing.key.pem --document-sha256 "$(sha256sum < reviewed.json | cut -d " " -f 1)" --reason "reviewed" --store file:trust.json',
      'certgate trust sign --signing-key signing.key.pem --signing-key-password-file key.password --reason "reviewed" --store file:trust.json',
      'certgate trust sign --key-vault-key https://my-vault.vault.azure.net/keys/trust --reason "reviewed" --store file:trust.json',
    ],
  },
  import: {
    description: 'Import the callers from a CSV file, or from a list of thumbprints, such as an app setting.',
    options: {
      '--from <file|->': ['the CSV or the list; - reads standard input', { isRequired: true }],
      '--print-template': ['print a CSV with its header and an example row, and do nothing else', { isAlone: true }],
      '--as <name>': 'import all certificates into this one identity, whatever names the list has',
      '--role <role>':
        'a role that new identities get (repeatable); without one, they may call only functions that require no role',
      '--function <name>':
        'a function that new identities may call (repeatable); without one, they may call every function',
      '--owner <text>': 'who is responsible for the new identities',
      '--to-existing': 'also add certificates to existing identities; they get the access of these identities',
      '--certificate-folder <folder>':
        'a folder of certificates: those in the list are pinned by SHA-256, with their end',
      ...changeOptions,
    },
    work: async () => (await import('./trust-import-command.js')).importTrust,
    exitCodes: {
      0: 'every caller is in the document now, or was in it before',
      1: 'some callers of the list were not imported, for reasons that are printed; the others are in the document',
      2: "something in the list can't be read, a row of the CSV can't be imported, or the store or an argument can't be used; nothing is written",
    },
    examples: [
      'certgate trust import --print-template > callers.csv',
      'certgate trust import --from callers.csv --reason "partners of 2027" --store file:trust.json --dry-run',
      'certgate trust import --from thumbprints.txt --role orders.read --reason "from the app setting" --store file:trust.json',
      'echo "$ALLOWED_THUMBPRINTS" | certgate trust import --from - --as partners --reason "from the app setting" --store file:trust.json --dry-run',
      'certgate trust import --from thumbprints.txt --certificate-folder certificates --reason "from the app setting" --store file:trust.json',
    ],
    notes: [
      'A CSV says everything about its callers in its columns: with it, --role, --function, --owner and --as are refused.',
    ],
  },
  restore: {
    description:
      'Go back to an earlier document, under the next revision. A lock and the deny list stay, and who is disabled must be named.',
    arguments: {
      '[document]': 'the earlier document: a path, file:PATH, https:…, blob:https:…, or - for standard input',
    },
    options: {
      ...storeOption,
      '--blob-version <id>': [
        'instead of a document: an earlier version of the blob in --store, by its version ID, e.g. 2026-11-25T10:00:00.1234567Z',
        parseVersionId,
      ],
      '--re-enable <name>':
        'an identity that the earlier document enables, although it or a pin of it is disabled now (repeatable)',
      ...revisionOption,
      ...changeOptions,
    },
    work: async () => (await import('./trust-restore-command.js')).restore,
    exitCodes: listChangeExitCodes(
      "the document is missing or can't be read and --revision is missing, the earlier one is not valid or not signed",
    ),
    examples: [
      'certgate trust restore yesterday.json --reason "undo the import" --dry-run --store file:trust.json',
      'git show HEAD~1:trust.json | certgate trust restore - --reason "undo the import" --store file:trust.json',
      'certgate trust restore yesterday.json --revision 42 --reason "the present one is damaged" --store file:trust.json',
      'certgate trust restore --blob-version 2026-11-25T10:00:00.1234567Z --reason "undo the import" --store blob:https://account.blob.core.windows.net/certgate/trust.json',
    ],
    notes: [
      'Running apps refuse a lower revision, so copying an earlier document over the present one does not restore it.',
      'With a signing key, the earlier document must be signed with it too, or with a key of --signed-by: your signature vouches for everything in it.',
    ],
  },
};

function parseExport(text: string): 'csv' {
  if (text === 'csv') return text;
  throw new InvalidArgumentError('It must be csv. For other programs: --json');
}

/** Parses a start time. Returns milliseconds since 1970-01-01T00:00:00Z. */
function parseSince(text: string): number {
  return findStart(parseStart(text), Date.now());
}

function parseSha256(text: string): string {
  if (/^[0-9a-f]{64}$/i.test(text)) return text.toLowerCase();
  throw new InvalidArgumentError('It must be 64 hexadecimal digits.');
}

function parseVersionId(text: string): string {
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$/.test(text)) return text;
  throw new InvalidArgumentError('It must be a version ID, e.g. 2026-11-25T10:00:00.1234567Z.');
}
