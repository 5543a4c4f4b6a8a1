import colors from 'picocolors';
import { escapeLines, formatMessage } from '../../texts/safe-text.js';
import { ToolFailure } from '#local/tool-failure.js';
import { exitCodeOf, exitCodes } from './exit-codes.js';
import { printJson, printNotice } from './output.js';

/** Prints what a command threw, and returns the exit code. */
export function reportFailure(error: unknown, isJson: boolean): number {
  if (!(error instanceof ToolFailure)) {
    printNotice(colors.red('certgate failed in a way it did not expect. Please report this:'));
    printNotice(
      escapeLines(
        error instanceof Error ? (error.stack ?? error.message) : 'something that is not an Error was thrown',
      ),
    );
    return exitCodes.failed;
  }
  if (isJson) printJson({ error: { message: error.message, remedy: error.remedy ?? null } });
  printNotice(`${colors.red('error')} ${formatMessage(error.message)}`);
  if (error.remedy !== undefined) printNotice(`      ${formatMessage(error.remedy)}`);
  return exitCodeOf[error.kind];
}
