import { Option, type Command } from 'commander';
import { defaultAuthoritiesFolder } from '../../certificates/authority/authority-files.js';
import { CommandFailure } from '../../command-line/command-failure.js';
import { shellWord } from '../../command-line/output.js';
import { findPasswordSource, type PasswordFlags } from '../certificate/password-options.js';

export interface FolderFlags {
  readonly folder: string;
}

export function addFolderOption(command: Command): Command {
  return command.option('--folder <folder>', 'where the authorities are kept', defaultAuthoritiesFolder);
}

/** Of the authority itself. `--password-file` is that of a caller's certificate, which travels. */
export interface AuthorityPasswordFlags {
  readonly authorityPasswordFile?: string;
  readonly authorityPasswordStdin?: boolean;
}

export function addAuthorityPasswordOptions(command: Command): Command {
  return addAuthorityPasswordFileOption(command).addOption(
    new Option('--authority-password-stdin', "read the authority's password from standard input").conflicts(
      'authorityPasswordFile',
    ),
  );
}

/** For verbs whose standard input holds another password. */
export function addAuthorityPasswordFileOption(command: Command): Command {
  return command.option(
    '--authority-password-file <file>',
    "a file that holds the authority's password and nothing else",
  );
}

export function readAuthorityPasswordFlags({
  authorityPasswordFile: passwordFile,
  authorityPasswordStdin: passwordStdin,
}: AuthorityPasswordFlags): PasswordFlags {
  return {
    ...(passwordFile === undefined ? {} : { passwordFile }),
    ...(passwordStdin === undefined ? {} : { passwordStdin }),
  };
}

/** What messages name. */
export const authorityPasswordOption = '--authority-password-file or --authority-password-stdin';

/** For commands that are printed to be copied. */
export function formatFolderOption({ folder }: FolderFlags): string {
  return folder === defaultAuthoritiesFolder ? '' : ` --folder ${shellWord(folder)}`;
}

/** What every verb that signs by an authority says below its options. */
export const purposeHelp =
  'For development, and for small closed systems whose callers you know one by one. The key lies in a file, under a password: whoever gets both can be every caller. For more than that take an authority that guards its key: AD CS, HashiCorp Vault, step-ca, Azure Key Vault, cert-manager.';

/** Of an authority that exists. `option` is what messages name. */
export async function getAuthorityPassword(flags: PasswordFlags, name: string, option: string): Promise<string> {
  const source = await findPasswordSource(flags, `the authority ${name}`);
  if (source === undefined) {
    throw new CommandFailure(`The authority ${name} needs its password, and there is no terminal to ask at.`, {
      remedy: `Give it by ${option}.`,
    });
  }
  return typeof source === 'string' ? source : source();
}
