import type { Options } from '../command-line/verb.js';

export interface PasswordFlags {
  readonly passwordFile?: string | undefined;
  readonly passwordStdin?: boolean | undefined;
}

/** There is no option that takes the password itself: other users of the machine read argv, and shells keep it. */
export const passwordOptions: Options = {
  '--password-file <file>': "a file that contains only the password of the certificate's file",
  '--password-stdin': [
    "read the password of the certificate's file from standard input",
    { conflicts: ['passwordFile'] },
  ],
};
