// command-line/: what all verbs share: output, help, exit codes and option values.

import { formatForTerminal } from '../../texts/safe-text.js';

/**
 * Prints a line of the command's answer to stdout. Messages about the work go to stderr (`printNotice`), so that a pipe
 * gets only the answer.
 */
export function printLine(text = ''): void {
  process.stdout.write(`${formatForTerminal(text)}\n`);
}

/** Prints a value to stdout as indented JSON. */
export function printJson(value: unknown): void {
  printLine(JSON.stringify(value, null, 2));
}

export function printNotice(text: string): void {
  process.stderr.write(`${formatForTerminal(text)}\n`);
}
