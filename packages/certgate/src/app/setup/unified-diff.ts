import { createTwoFilesPatch } from 'diff';
import type { FileEdit } from './app-files.js';

/**
 * Formats the edit as a unified diff for people, without a line end after the last line. CRLF line ends are not shown.
 */
export function formatUnifiedDiff({ path, before, after }: FileEdit): string {
  const from = before === undefined ? '/dev/null' : `a/${path}`;
  const patch = createTwoFilesPatch(from, `b/${path}`, withoutReturns(before ?? ''), withoutReturns(after), '', '', {
    context: 2,
  });
  return patch
    .replace(/^=+\n/, '')
    .replaceAll(/^((?:---|\+\+\+) .*?)\t?$/gm, '$1')
    .trimEnd();
}

function withoutReturns(text: string): string {
  return text.replaceAll('\r\n', '\n');
}
