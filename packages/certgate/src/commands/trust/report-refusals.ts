import { shortenText } from '@certgate/core/internal';
import { escapeControls } from '../../faults/safe-text.js';
import type { ImportRefusal } from '../../trust/import/import-reading.js';
import { printLine } from '../command-line/output.js';

/** One line each: where it is, what it is, and why it can't be taken. */
export function printRefusals(refusals: readonly ImportRefusal[]): void {
  for (const { origin, item, reason } of refusals) {
    const words = [origin, ...(item === '' ? [] : [shortenText(item)]), reason];
    printLine(`  ${escapeControls(words.join(': ').replaceAll('\n', ' '))}`);
  }
}
