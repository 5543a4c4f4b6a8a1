import {
  canPrompt,
  type PasswordSource,
  promptNewPassword,
  promptPassword,
  readPasswordFile,
  readPasswordFromStdin,
} from '../../certificates/password.js';
import { ToolFailure } from '#local/tool-failure.js';
import type { PasswordFlags } from './password-options.js';

/**
 * The source of the password of an existing file. The user is asked on the terminal only if the file turns out to need
 * a password. Undefined if no option was given and there is no terminal.
 */
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

/** Gets the password of an existing authority. `option` is what messages name. */
export async function getAuthorityPassword(flags: PasswordFlags, name: string, option: string): Promise<string> {
  const source = await findPasswordSource(flags, `the authority ${name}`);
  if (source === undefined) {
    throw new ToolFailure(`The authority ${name} needs its password, and there is no terminal to ask for it.`, {
      remedy: `Pass it with ${option}.`,
    });
  }
  return typeof source === 'string' ? source : source();
}
