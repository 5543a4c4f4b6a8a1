import { Option, type Command } from 'commander';
import { trustVariable } from '../../../trust/administration/location/trust-location.js';
import { addLatencyOptions, type LatencyFlags } from '../latency.js';
import { collect } from '../../command-line/option-values.js';

export interface StoreFlags {
  readonly store: string;
}

const storeWords =
  'where the trust document is: a path, file:PATH, https://… (read-only), or a blob: blob:https://….blob.core.windows.net/CONTAINER/NAME';

/** The same words for every place a document is kept at. There is no option for a key or a token: see trust-administration.md. */
export function addStoreOption(command: Command): Command {
  return command.addOption(new Option('--store <location>', storeWords).env(trustVariable).makeOptionMandatory());
}

/** Of a verb that reads several documents. */
export function addStoresOption(command: Command): Command {
  const option = new Option('--store <location>', `${storeWords} (repeatable)`).env(trustVariable);
  return command.addOption(option.argParser(collect).makeOptionMandatory());
}

export interface ChangeFlags extends LatencyFlags {
  readonly reason?: string;
  readonly by?: string;
  readonly signingKey?: string;
  readonly signingKeyPasswordFile?: string;
  readonly keyVaultKey?: string;
  readonly signedBy?: readonly string[];
  readonly unsigned?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export interface ChangeOptionsSettings {
  /** Default true. Only where seconds count may a change go without. */
  readonly reasonRequired?: boolean;
  /** For the verb that does nothing else. Default false. */
  readonly onlySigns?: boolean;
}

/** Who changes the document and why, and how the change is made: on every verb that writes. */
export function addChangeOptions(
  command: Command,
  { reasonRequired = true, onlySigns = false }: ChangeOptionsSettings = {},
): Command {
  const reason = new Option('--reason <text>', 'why the document is changed, for the log of changes');
  const signingKey = new Option(
    '--signing-key <file>',
    'the private key in PEM that signs the document (Ed25519, EC P-256 or P-384)',
  );
  command
    .addOption(reasonRequired ? reason.makeOptionMandatory() : reason)
    .addOption(
      new Option(
        '--by <name>',
        'who changes it, for the log of changes (default: this user, or who started the pipeline)',
      ).env('CERTGATE_BY'),
    )
    .addOption(signingKey)
    .option('--signing-key-password-file <file>', 'a file that contains only the password of the signing key')
    .addOption(
      new Option(
        '--key-vault-key <url>',
        'sign with this key in Azure Key Vault (EC P-256 or P-384) instead: https://VAULT.vault.azure.net/keys/NAME, or with /VERSION',
      ).conflicts(['signingKey', 'signingKeyPasswordFile']),
    );
  if (!onlySigns) {
    command.option(
      '--signed-by <file>',
      'a public key in PEM with which the present document is signed (repeatable; default: that of the signing key)',
      collect,
    );
    command.addOption(
      new Option('--unsigned', 'drop the signature of a signed document deliberately').conflicts([
        'signingKey',
        'keyVaultKey',
      ]),
    );
  }
  return addLatencyOptions(command)
    .option('--dry-run', 'print what would change, and write nothing')
    .option('--json', 'print one JSON object');
}
