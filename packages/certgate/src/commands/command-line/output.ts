// command-line/: what all verbs share: output, help, exit codes and option values.

import { formatForTerminal } from '../../faults/safe-text.js';

/** What a command answers goes to stdout; everything said about the work goes to stderr, so that pipes stay clean. */
export function printLine(text = ''): void {
  process.stdout.write(`${formatForTerminal(text)}\n`);
}

/** One JSON value and nothing else on stdout: the answer of every verb under `--json`. */
export function printJson(value: unknown): void {
  printLine(JSON.stringify(value, null, 2));
}

export function printNotice(text: string): void {
  process.stderr.write(`${formatForTerminal(text)}\n`);
}
