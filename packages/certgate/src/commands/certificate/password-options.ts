import { Option, type Command } from 'commander';
import {
  canPrompt,
  type PasswordSource,
  promptNewPassword,
  promptPassword,
  readPasswordFile,
  readPasswordFromStdin,
} from '../../certificates/password.js';
import { ToolFailure } from '../../faults/tool-failure.js';

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

/** Where the password of an existing file comes from. The terminal is asked only if it turns out to need one. */
export async function findPasswordSource(flags: PasswordFlags, file: string): Promise<PasswordSource | undefined> {
  const given = await findGivenPassword(flags);
  if (given !== undefined) return given;
  return canPrompt() ? () => promptPassword(`Password of ${file}`) : undefined;
}

export async function getNewPassword(
  flags: PasswordFlags,
  file: string,
  option = '--password-file or --password-stdin',
): Promise<string> {
  const given = await findGivenPassword(flags);
  if (given === '') throw new ToolFailure('The password is empty.');
  if (given !== undefined) return given;
  if (canPrompt()) return promptNewPassword(`New password for ${file}`);
  throw new ToolFailure(`${file} needs a password, and there is no terminal to ask for it.`, {
    remedy: `Pass it with ${option}.`,
  });
}

async function findGivenPassword({ passwordFile, passwordStdin }: PasswordFlags): Promise<string | undefined> {
  if (passwordFile !== undefined) return readPasswordFile(passwordFile);
  return passwordStdin === true ? readPasswordFromStdin() : undefined;
}
