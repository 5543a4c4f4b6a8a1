import { createInterface } from 'node:readline';
import { escapeControls } from '../texts/safe-text.js';
import { ToolFailure } from '#local/tool-failure.js';
import { PfxError, type PfxErrorCode } from './pfx/pfx-error.js';
import { decodeText, readBoundedFile, readBoundedStream } from './read-bounded-file.js';

/** A password, or a function that asks for it. The function is called only if a password turns out to be needed. */
export type PasswordSource = string | (() => Promise<string>);

export const passwordRemedy = 'Pass its password with --password-file or --password-stdin.';

/**
 * Opens something that may be protected by a password. A given password is the only one tried. If `password` is a
 * function, it is asked only after opening without a password has failed. Throws ToolFailure that says why `what` can't
 * be opened.
 *
 * @param open throws PfxError; the code `password_wrong` means that another password may work
 */
export async function openWithPassword<T>(
  what: string,
  open: (password: string | undefined) => T,
  password: PasswordSource | undefined,
  remedies: Readonly<Partial<Record<PfxErrorCode, string>>> = {},
): Promise<T> {
  try {
    if (typeof password !== 'function') return open(password);
    try {
      return open(undefined);
    } catch (fault) {
      if (!(fault instanceof PfxError) || fault.code !== 'password_wrong') throw fault;
      return open(await password());
    }
  } catch (cause) {
    if (!(cause instanceof PfxError)) throw cause;
    const remedy = cause.code === 'password_wrong' ? passwordRemedy : remedies[cause.code];
    throw new ToolFailure(`${what} can't be opened. ${cause.message}`, {
      ...(remedy === undefined ? {} : { remedy }),
      cause,
    });
  }
}

/** Reads a password from the one line of a file. Spaces are part of the password, the line end is not. */
export async function readPasswordFile(path: string): Promise<string> {
  return parsePassword(await readBoundedFile(path), path);
}

export async function readPasswordFromStdin(): Promise<string> {
  return parsePassword(await readBoundedStream(process.stdin, 'Standard input'), 'Standard input');
}

/**
 * Throws ToolFailure for more than one line, more than 1,024 characters, control characters, or bytes that are not
 * text, because it is most likely the wrong file.
 */
export function parsePassword(bytes: Uint8Array, name: string): string {
  const password = decodeText(bytes).replace(/\r?\n$/, '');
  if (!isReadableFromFile(password)) {
    throw new ToolFailure(`${name} contains more than one line, so it is not a password.`, {
      remedy: 'The file must contain only the password, in UTF-8.',
    });
  }
  return password;
}

function isReadableFromFile(password: string): boolean {
  return password.length <= 1024 && !/\p{Cc}|\ufffd/u.test(password);
}

/** Whether stdin and stderr are terminals, so that the user can be asked. */
export function canPrompt(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}

/**
 * Asks on the terminal, and shows a star for each character until Enter. The question goes to stderr, because stdout is
 * for the command's output. Throws ToolFailure after Ctrl+C and at the end of the input.
 */
export async function promptPassword(message: string): Promise<string> {
  // Without an output, readline does not show what is typed. Closing it restores the terminal.
  const lines = createInterface({ input: process.stdin, terminal: true, historySize: 0 });
  // Ctrl+Z must do nothing. By default, readline would switch the echo on and stop the process. If the process can't be
  // stopped, as in a container, the rest of the password would be shown. After a stop, readline would read nothing
  // more.
  lines.on('SIGTSTP', () => undefined);
  process.stderr.write(`${escapeControls(message)}: `);
  let stars = 0;
  const showStars = (): void => {
    const count = Array.from(lines.line).length;
    process.stderr.write(count > stars ? '*'.repeat(count - stars) : '\b \b'.repeat(stars - count));
    stars = count;
  };
  process.stdin.on('keypress', showStars);
  const password = await new Promise<string | undefined>((resolve) => {
    lines.once('close', () => {
      resolve(undefined);
    });
    lines.once('line', (line) => {
      resolve(line);
      // Closed at once, so that text which was pasted after the line end is ignored.
      lines.close();
    });
  });
  process.stdin.off('keypress', showStars);
  process.stderr.write('\n');
  if (password === undefined) throw new ToolFailure('No password was given.');
  return password;
}

/**
 * Asks for a new password twice. The user can't see what they type, and a PFX with a mistyped password could never be
 * opened.
 */
export async function promptNewPassword(message: string): Promise<string> {
  const first = await promptPassword(message);
  if (first === '') throw new ToolFailure('The password is empty.');
  if (!isReadableFromFile(first))
    throw new ToolFailure('The password has a tab, or more than 1,024 characters. --password-file could not read it.');
  if (first !== (await promptPassword('Once more'))) throw new ToolFailure('The two passwords are not the same.');
  return first;
}
