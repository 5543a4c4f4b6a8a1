import { defaultAuthoritiesFolder } from '../../certificates/authority/authority-files.js';
import { parseDays } from '../certificate/certificate-options.js';
import type { PasswordFlags } from '../certificate/password-options.js';
import type { Options } from '../command-line/verb.js';

export interface FolderFlags {
  readonly folder: string;
  readonly json?: boolean;
}

export const folderOption: Options = {
  '--folder <folder>': ['the folder of the authorities', { default: defaultAuthoritiesFolder }],
};

/**
 * The flags for the authority's own password. `--password-file` is for the password of a caller's PFX, which the caller
 * gets.
 */
export interface AuthorityPasswordFlags {
  readonly authorityPasswordFile?: string;
  readonly authorityPasswordStdin?: boolean;
}

/** For verbs that read another password from standard input. */
export const authorityPasswordFileOption: Options = {
  '--authority-password-file <file>': "a file that contains only the authority's password",
};

export const authorityPasswordOptions: Options = {
  ...authorityPasswordFileOption,
  '--authority-password-stdin': [
    "read the authority's password from standard input",
    { conflicts: ['authorityPasswordFile'] },
  ],
};

export function renameAuthorityPasswordFlags(flags: AuthorityPasswordFlags): PasswordFlags {
  return { passwordFile: flags.authorityPasswordFile, passwordStdin: flags.authorityPasswordStdin };
}

/** The options as messages name them. */
export const authorityPasswordOption = '--authority-password-file or --authority-password-stdin';

/** The words for `--folder` in commands that are printed to be copied. */
export function listFolderWords({ folder }: FolderFlags): readonly string[] {
  return folder === defaultAuthoritiesFolder ? [] : ['--folder', folder];
}

/** The help text below the options of every verb that signs with an authority's key. */
export const purposeHelp =
  'For development, and for small closed systems in which you know each caller. The key is in a file, protected by a password; anybody who gets both can impersonate every caller. For anything larger, use an authority that protects its key: AD CS, HashiCorp Vault, step-ca, Azure Key Vault, cert-manager.';

/** One week. If nobody maintains an authority, its list ends soon, while somebody still remembers how to renew it. */
export const listDaysByDefault = 7;

export interface ListIssuedFlags extends FolderFlags, AuthorityPasswordFlags {
  readonly listDays: number;
  readonly listPem?: boolean;
}

export const listOptions: Options = {
  '--list-days <days>': [
    'when this list ends, and the next one is due',
    { parse: parseDays, default: listDaysByDefault },
  ],
  '--list-pem': 'write the list in PEM too; an existing PEM file is always updated',
};
