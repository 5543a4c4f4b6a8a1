import { Option, type Command } from 'commander';
export interface PasswordFlags {
  readonly passwordFile?: string;
  readonly passwordStdin?: boolean;
}

/** There is no option that takes the password itself: other users of the machine read argv, and shells keep it. */
export function addPasswordOptions(command: Command): Command {
  return command
    .addOption(new Option('--password-file <file>', "a file that contains only the password of the certificate's file"))
    .addOption(
      new Option('--password-stdin', "read the password of the certificate's file from standard input").conflicts(
        'passwordFile',
      ),
    );
}
