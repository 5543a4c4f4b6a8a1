import { CommandFailure } from '../command-line/command-failure.js';

/** Whether somebody sits there to be asked. */
export function canPrompt(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}

/** Asks on the terminal, without echo. What is asked goes to stderr, so that stdout stays the answer's. */
export async function promptPassword(message: string): Promise<string> {
  // Loaded when somebody is asked: the other commands start without it.
  const { default: password } = await import('@inquirer/password');
  try {
    return await password({ message, mask: '*' }, { output: process.stderr });
  } catch (cause) {
    throw new CommandFailure('No password was given.', { cause });
  }
}

/** Asks twice: nobody can see what they type, and a PFX under a slip of the finger is lost. */
export async function promptNewPassword(message: string): Promise<string> {
  const first = await promptPassword(message);
  if (first === '') throw new CommandFailure('The password is empty.');
  if (first !== (await promptPassword('Once more'))) throw new CommandFailure('The two passwords are not the same.');
  return first;
}
