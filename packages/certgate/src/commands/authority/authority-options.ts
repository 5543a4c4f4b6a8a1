import { Option, type Command } from 'commander';
import { defaultAuthoritiesFolder } from '../../certificates/authority/authority-files.js';
import { shellWord } from '../../faults/safe-text.js';
import type { PasswordFlags } from '../certificate/password-options.js';

export interface FolderFlags {
  readonly folder: string;
}

export function addFolderOption(command: Command): Command {
  return command.option('--folder <folder>', 'the folder of the authorities', defaultAuthoritiesFolder);
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
  return command.option('--authority-password-file <file>', "a file that contains only the authority's password");
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
  'For development, and for small closed systems in which you know each caller. The key is in a file, protected by a password; anybody who gets both can impersonate every caller. For anything larger, use an authority that protects its key: AD CS, HashiCorp Vault, step-ca, Azure Key Vault, cert-manager.';
