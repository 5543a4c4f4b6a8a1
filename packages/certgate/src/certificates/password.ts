import { createInterface } from 'node:readline';
import { escapeControls } from '../faults/safe-text.js';
import { ToolFailure } from '../faults/tool-failure.js';
import { PfxError, type PfxErrorCode } from './pfx/pfx-error.js';
import { decodeText, readBoundedFile, readBoundedStream } from './read-bounded-file.js';

/** A password, or where to get one; the latter is asked only when it turns out to be needed. */
export type PasswordSource = string | (() => Promise<string>);

export const passwordRemedy = 'Pass its password with --password-file or --password-stdin.';

/**
 * Opens what is under a password. A given password is the only one tried. One that must be asked for is asked for after
 * trying without. Throws ToolFailure that says why `what` can't be opened.
 *
 * @param open throws PfxError, of which `password_wrong` says that another password may do
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

/** The one line of a file. Spaces belong to the password, the line's end doesn't. */
export async function readPasswordFile(path: string): Promise<string> {
  return parsePassword(await readBoundedFile(path), path);
}

export async function readPasswordFromStdin(): Promise<string> {
  return parsePassword(await readBoundedStream(process.stdin, 'Standard input'), 'Standard input');
}

/** Throws ToolFailure when it is more than one line, too long or no text: the wrong file, most likely. */
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

/** Whether somebody sits there to be asked. */
export function canPrompt(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}

/**
 * Asks on the terminal, with a star for each character until Enter. What is asked goes to stderr, so that stdout stays
 * the answer's. Throws ToolFailure at Ctrl+C and at the end of the input.
 */
export async function promptPassword(message: string): Promise<string> {
  // Without an output, readline shows nothing of what is typed. Closing it sets the terminal back.
  const lines = createInterface({ input: process.stdin, terminal: true, historySize: 0 });
  // Ctrl+Z does nothing. readline would switch the echo on and stop the process. Where nothing can stop it, as in a
  // container, the rest of the password would be shown; and readline reads no more when it goes on.
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
      // At once: what is pasted behind the line's end belongs to nobody.
      lines.close();
    });
  });
  process.stdin.off('keypress', showStars);
  process.stderr.write('\n');
  if (password === undefined) throw new ToolFailure('No password was given.');
  return password;
}

/** Asks twice: nobody can see what they type, and a PFX under a slip of the finger is lost. */
export async function promptNewPassword(message: string): Promise<string> {
  const first = await promptPassword(message);
  if (first === '') throw new ToolFailure('The password is empty.');
  if (!isReadableFromFile(first))
    throw new ToolFailure('The password has a tab, or more than 1,024 characters. --password-file could not read it.');
  if (first !== (await promptPassword('Once more'))) throw new ToolFailure('The two passwords are not the same.');
  return first;
}
