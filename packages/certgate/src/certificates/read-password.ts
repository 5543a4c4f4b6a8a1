import { CommandFailure } from '../command-line/command-failure.js';
import { decodeText } from './decode-text.js';
import { readBoundedFile, readBoundedStream } from './read-bounded-file.js';

/** The one line of a file. Spaces belong to the password, the line's end doesn't. */
export async function readPasswordFile(path: string): Promise<string> {
  return parsePassword(await readBoundedFile(path), path);
}

export async function readPasswordFromStdin(): Promise<string> {
  return parsePassword(await readBoundedStream(process.stdin, 'Standard input'), 'Standard input');
}

/** Throws CommandFailure when it is more than one line, too long or no text: the wrong file, most likely. */
export function parsePassword(bytes: Uint8Array, name: string): string {
  const password = decodeText(bytes).replace(/\r?\n$/, '');
  if (/\p{Cc}|\ufffd/u.test(password) || password.length > 1024) {
    throw new CommandFailure(`${name} holds more than one line of text, so it is no password.`, {
      remedy: 'The file must hold the password alone, in UTF-8.',
    });
  }
  return password;
}
