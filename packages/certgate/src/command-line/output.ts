/** What a command answers goes to stdout; everything said about the work goes to stderr, so that pipes stay clean. */
export function printLine(text = ''): void {
  process.stdout.write(`${text}\n`);
}

/** One JSON value and nothing else on stdout: the answer of every verb under `--json`. */
export function printJson(value: unknown): void {
  printLine(JSON.stringify(value, null, 2));
}

export function printNotice(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** What others wrote must not steer the terminal it is shown on. Line ends and tabs stay. */
export function escapeControls(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]/gu, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/**
 * For a line of a log, which callers may have chosen a part of: the colours of the app stay, and what follows a line end
 * is indented, so that it can't pass for a line of its own.
 */
export function formatLogText(text: string): string {
  return text
    .split(/(\u001b\[[0-9;]{0,20}m)/u)
    .map((part, index) => (index % 2 === 1 ? part : escapeControls(part)))
    .join('')
    .replaceAll('\n', '\n    ');
}
