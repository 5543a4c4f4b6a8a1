import { Command, InvalidArgumentError, Option } from 'commander';
import { addPasswordOptions } from '../certificate/password-options.js';
import { addHelpNote, addHelpSections } from '../command-line/help.js';
import { loadWhenRun } from '../command-line/load-when-run.js';
import { collect } from '../command-line/option-values.js';
import { parseRevision } from './options/gate-options.js';
import { addChangeOptions, addStoreOption } from './options/store-options.js';

export function trustInitCommand(): Command {
  const command = new Command('init')
    .description('Create a trust document that admits nobody.')
    .option('--audience <app>', 'the name of an app that the document is for (repeatable)', collect);
  addStoreOption(command);
  addChangeOptions(command).action(loadWhenRun(async () => (await import('./trust-init-command.js')).init));
  return addHelpSections(command, {
    exitCodes: {
      0: 'the document is created',
      2: "there is a document already, the store can't be used, or an argument is wrong; nothing is written",
    },
    examples: [
      'certgate trust init --store file:trust.json --reason "first callers"',
      'certgate trust init --store blob:https://account.blob.core.windows.net/trust/trust.json --reason "first callers"',
    ],
  });
}

export function trustLockCommand(): Command {
  const command = new Command('lock').description(
    'Shut every caller out until `trust unlock`. The identities stay as they are. There is no confirmation prompt.',
  );
  addStoreOption(command);
  addRevisionOption(command);
  addChangeOptions(command, { reasonRequired: false }).action(
    loadWhenRun(async () => (await import('./trust-lock-command.js')).lock),
  );
  return addHelpSections(command, {
    exitCodes: {
      0: 'the document is locked, or was already',
      1: 'others kept changing the document; nothing is written',
      2: "the document is missing or can't be read and --revision is missing, or the store or an argument can't be used; nothing is written",
    },
    examples: [
      'certgate trust lock --store file:trust.json',
      'certgate trust lock --reason "breach at a partner" --refresh-interval 10 --store file:trust.json',
      'certgate trust lock --revision 42 --store file:damaged.json',
    ],
  });
}

export function trustUnlockCommand(): Command {
  const command = new Command('unlock').description(
    'End `trust lock`: the callers that the document lists are admitted again. Disabled identities stay disabled.',
  );
  addStoreOption(command);
  addChangeOptions(command).action(loadWhenRun(async () => (await import('./trust-unlock-command.js')).unlock));
  return addHelpSections(command, {
    exitCodes: {
      0: 'the document is written',
      1: 'others kept changing the document; nothing is written',
      2: "the document is not locked, or the store or an argument can't be used; nothing is written",
    },
    examples: ['certgate trust unlock --reason "breach is dealt with" --store file:trust.json'],
  });
}

export function trustLogCommand(): Command {
  const command = new Command('log')
    .description(
      'Show who changed the trust document, when and why, and whether something other than this tool changed it.',
    )
    .option('--all', 'also show attempts that failed because another change was faster')
    .addOption(new Option('--export <format>', 'print the changes for other programs').choices(['json-lines', 'csv']))
    .addOption(new Option('--json', 'print one JSON object').conflicts('export'));
  addStoreOption(command).action(loadWhenRun(async () => (await import('./trust-log-command.js')).showLog));
  return addHelpSections(command, {
    exitCodes: {
      0: 'the log is printed; it explains the document completely',
      1: 'the log is printed; the document was changed by something other than this tool, or lines are damaged',
      2: "there is no document, or the store or an argument can't be used",
    },
    examples: [
      'certgate trust log --store file:trust.json',
      'certgate trust log --export csv --store file:trust.json > changes.csv',
    ],
  });
}

export function trustSignCommand(): Command {
  const command = new Command('sign').description(
    'Sign the document as it is, for apps that require a signature (`signedBy`).',
  );
  addStoreOption(command);
  command.option(
    '--document-sha256 <hex>',
    'sign only if the stored document has this hash, so that it is the one that you looked at',
    parseSha256,
  );
  addChangeOptions(command, { onlySigns: true }).action(
    loadWhenRun(async () => (await import('./trust-sign-command.js')).sign),
  );
  return addHelpSections(command, {
    exitCodes: {
      0: 'the signature is stored with the document',
      1: 'others kept changing the document; nothing is written',
      2: "there is no document, --document-sha256 is the hash of another one, it is not valid, or the key or an argument can't be used; nothing is written",
    },
    examples: [
      'certgate trust sign --signing-key signing.key.pem --reason "reviewed" --store file:trust.json',
      'certgate trust sign --signing-key signing.key.pem --document-sha256 "$(sha256sum < reviewed.json | cut -d " " -f 1)" --reason "reviewed" --store file:trust.json',
      'certgate trust sign --signing-key signing.key.pem --signing-key-password-file key.password --reason "reviewed" --store file:trust.json',
      'certgate trust sign --key-vault-key https://my-vault.vault.azure.net/keys/trust --reason "reviewed" --store file:trust.json',
    ],
  });
}

function parseSha256(text: string): string {
  if (/^[0-9a-f]{64}$/i.test(text)) return text.toLowerCase();
  throw new InvalidArgumentError('It must be 64 hexadecimal digits.');
}

export function trustImportCommand(): Command {
  const command = new Command('import')
    .description(
      'Import the callers from a list of thumbprints, such as an app setting, or from the <identity> elements of an API Management policy.',
    )
    .requiredOption('--from <file|->', 'the list or the policy; - reads standard input')
    .addOption(
      new Option(
        '--as <name>',
        'import all certificates into this one identity, whatever names the list has',
      ).conflicts('namePrefix'),
    )
    .addOption(
      new Option(
        '--name-prefix <text>',
        'the beginning of the name of identities for certificates without a name; the first digits of the thumbprint follow',
      ).default('imported-'),
    )
    .option(
      '--role <role>',
      'a role that new identities get (repeatable); without one, they may call only functions that require no role',
      collect,
    )
    .option(
      '--function <name>',
      'a function that new identities may call (repeatable); without one, they may call every function',
      collect,
    )
    .option('--owner <text>', 'who is responsible for the new identities')
    .option('--to-existing', 'also add certificates to existing identities; they get the access of these identities')
    .option(
      '--certificate-folder <folder>',
      'a folder of certificates: those in the list are pinned by SHA-256, with their end',
    )
    .option('--without-revocation', 'import a policy even if it checks revocation, which a pin does not');
  addStoreOption(command);
  addChangeOptions(command).action(loadWhenRun(async () => (await import('./trust-import-command.js')).importTrust));
  return addHelpSections(command, {
    exitCodes: {
      0: 'every caller is in the document now, or was in it before',
      1: 'some callers were not imported, for reasons that are printed; the others are in the document',
      2: "something in the list or policy can't be read, or the store or an argument can't be used; nothing is written",
    },
    examples: [
      'certgate trust import --from thumbprints.txt --role orders.read --reason "from the app setting" --store file:trust.json',
      'echo "$ALLOWED_THUMBPRINTS" | certgate trust import --from - --as partners --reason "from the app setting" --store file:trust.json --dry-run',
      'certgate trust import --from policy.xml --certificate-folder certificates --reason "leaving API Management" --store file:trust.json',
    ],
  });
}

export function trustRestoreCommand(): Command {
  const command = new Command('restore')
    .description('Go back to an earlier document, under the next revision. A lock and the deny list stay.')
    .argument('[document]', 'the earlier document: a path, file:PATH, https:…, blob:https:…, or - for standard input');
  addStoreOption(command);
  command.option(
    '--blob-version <id>',
    'in place of a document: an earlier version of the blob in --store, by its version ID, e.g. 2026-11-25T10:00:00.1234567Z',
    parseVersionId,
  );
  addRevisionOption(command);
  addChangeOptions(command).action(loadWhenRun(async () => (await import('./trust-restore-command.js')).restore));
  addHelpSections(command, {
    exitCodes: {
      0: 'the document is written, or is already as requested',
      1: 'others kept changing the document; nothing is written',
      2: "the document is missing or can't be read and --revision is missing, the earlier one is not valid or not signed, or the store or an argument can't be used; nothing is written",
    },
    examples: [
      'certgate trust restore yesterday.json --reason "undo the import" --dry-run --store file:trust.json',
      'git show HEAD~1:trust.json | certgate trust restore - --reason "undo the import" --store file:trust.json',
      'certgate trust restore yesterday.json --revision 42 --reason "the present one is damaged" --store file:trust.json',
      'certgate trust restore --blob-version 2026-11-25T10:00:00.1234567Z --reason "undo the import" --store blob:https://account.blob.core.windows.net/certgate/trust.json',
    ],
  });
  return addHelpNote(
    command,
    'Running apps refuse a lower revision, so to copy an earlier document over the present one does not restore it.',
    'With a signing key, the earlier document must be signed with it too, or with a key of --signed-by: your signature vouches for everything in it.',
  );
}

function addRevisionOption(command: Command): Command {
  return command.option(
    '--revision <number>',
    'replace a document that is damaged, missing or of a newer version, under this number: one above every revision that running apps have read',
    parseRevision,
  );
}

function parseVersionId(text: string): string {
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$/.test(text)) return text;
  throw new InvalidArgumentError('It must be a version ID, e.g. 2026-11-25T10:00:00.1234567Z.');
}

export function trustDenyCommand(): Command {
  return createCommand(
    'deny',
    'Put a certificate on the deny list, by its thumbprint or by its serial number under an authority. It is then refused whatever else the document says.',
    'laptop stolen',
  );
}

export function trustUndenyCommand(): Command {
  return createCommand('undeny', 'Remove a certificate from the deny list.', 'found again');
}

function createCommand(verb: 'deny' | 'undeny', description: string, reason: string): Command {
  const command = new Command(verb)
    .description(description)
    .argument('[certificate]', 'its SHA-256 thumbprint, or its file: PFX, PEM, DER or base64')
    .option('--issued-by <authority>', 'with --serial: the authority that issued it')
    .option('--serial <hex>', 'its serial number in hexadecimal; colons and spaces are fine');
  addPasswordOptions(command);
  addStoreOption(command);
  addChangeOptions(command).action(loadWhenRun(async () => (await import('./trust-deny-command.js'))[verb]));
  return addHelpSections(command, {
    exitCodes: {
      0: 'the document is written, or is already as requested',
      1: 'others kept changing the document; nothing is written',
      2: `${verb === 'deny' ? '' : 'it is not on the deny list, or '}the certificate, the store or an argument can't be used; nothing is written`,
    },
    examples: [
      `certgate trust ${verb} billing.crt.pem --reason "${reason}" --store file:trust.json`,
      `certgate trust ${verb} --issued-by corp --serial 0A1B2C --reason "${reason}" --store file:trust.json`,
    ],
  });
}
