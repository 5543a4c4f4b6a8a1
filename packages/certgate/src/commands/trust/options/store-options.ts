import { userInfo } from 'node:os';
import { Option, type Command } from 'commander';
import { decodeText, readBoundedFile } from '../../../certificates/read-bounded-file.js';
import { ToolFailure } from '../../../faults/tool-failure.js';
import { expectWritable, trustVariable } from '../../../trust/administration/open-trust-location.js';
import type { ChangeRequest } from '../../../trust/administration/update-trust-document.js';
import { openKeyVaultKey } from '../../../trust/administration/signing/key-vault-key.js';
import { readSigningKey, type SigningKey } from '../../../trust/administration/signing/signing-key.js';
import { findPasswordSource } from '../../certificate/password-options.js';
import { addLatencyOptions, type LatencyFlags } from '../latency.js';
import { collect } from './pin-options.js';

export interface StoreFlags {
  readonly store: string;
}

/** The same words for every place a document is kept at. There is no option for a key or a token: see trust-administration.md. */
export function addStoreOption(command: Command): Command {
  return command.addOption(
    new Option(
      '--store <location>',
      'where the trust document is: a path, file:PATH, https://… (read-only), or a blob: blob:https://….blob.core.windows.net/CONTAINER/NAME',
    )
      .env(trustVariable)
      .makeOptionMandatory(),
  );
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

/**
 * The flags of `addChangeOptions` → what `updateTrustDocument` takes. Opens the signing key, so it may ask for a password, or
 * call Key Vault.
 * Throws ToolFailure where the place can't be written, before it asks.
 */
export async function readChange(verb: string, flags: ChangeFlags & StoreFlags): Promise<ChangeRequest> {
  expectWritable(flags.store);
  const signingKey = await findSigningKey(flags);
  const signedBy = await readSigners(flags);
  return {
    verb,
    by: checkText(flags.by ?? findUser(), '--by'),
    reason: checkText(flags.reason ?? '(no reason given)', '--reason'),
    ...(signingKey === undefined ? {} : { signingKey }),
    ...(signedBy === undefined ? {} : { signedBy }),
    unsigned: flags.unsigned ?? false,
    dryRun: flags.dryRun ?? false,
  };
}

async function readSigners({ signedBy, signingKey, keyVaultKey }: ChangeFlags): Promise<readonly string[] | undefined> {
  if (signedBy === undefined) return undefined;
  if (signingKey === undefined && keyVaultKey === undefined) {
    throw new ToolFailure('--signed-by requires --signing-key or --key-vault-key.');
  }
  return Promise.all(signedBy.map(async (file) => decodeText(await readBoundedFile(file))));
}

async function findSigningKey({
  signingKey,
  signingKeyPasswordFile,
  keyVaultKey,
}: ChangeFlags): Promise<SigningKey | undefined> {
  if (keyVaultKey !== undefined) return openKeyVaultKey(keyVaultKey);
  if (signingKey === undefined) return undefined;
  const flags = signingKeyPasswordFile === undefined ? {} : { passwordFile: signingKeyPasswordFile };
  const password = await findPasswordSource(flags, signingKey);
  return readSigningKey(signingKey, password, 'Pass its password with --signing-key-password-file.');
}

function checkText(text: string, option: string): string {
  const trimmed = text.trim();
  if (trimmed === '') throw new ToolFailure(`${option} is empty.`);
  if (Array.from(trimmed).length > 256) throw new ToolFailure(`${option} has more than 256 characters.`);
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(trimmed)) throw new ToolFailure(`${option} has more than one line.`);
  return trimmed;
}

/** What pipelines say of the person who started them, or the user of this machine. Nobody checks it: storage's own log knows better. */
function findUser(): string {
  const { env } = process;
  if (env['GITHUB_ACTIONS'] === 'true' && isSaid(env['GITHUB_ACTOR'])) return env['GITHUB_ACTOR'];
  if (isSaid(env['TF_BUILD']) && isSaid(env['BUILD_REQUESTEDFOR'])) return env['BUILD_REQUESTEDFOR'];
  try {
    return userInfo().username;
  } catch (cause) {
    // A container's user may have no name.
    throw new ToolFailure('The name of the user who makes this change is unknown.', {
      remedy: 'Pass it with --by.',
      cause,
    });
  }
}

function isSaid(value: string | undefined): value is string {
  return value !== undefined && value.trim() !== '';
}
