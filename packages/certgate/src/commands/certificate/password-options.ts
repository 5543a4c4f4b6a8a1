import type { Options } from '../command-line/verb.js';

export interface PasswordFlags {
  readonly passwordFile?: string | undefined;
  readonly passwordStdin?: boolean | undefined;
}

/**
 * There must not be an option with the password itself: other users of the machine can read argv, and shells store it.
 */
export const passwordOptions: Options = {
  '--password-file <file>': "a file that contains only the password of the certificate's file",
  '--password-stdin': [
    "read the password of the certificate's file from standard input",
    { conflicts: ['passwordFile'] },
  ],
};
