import { CommanderError } from 'commander';
import colors from 'picocolors';
import { CommandFailure, exitCodes } from './command-line/command-failure.js';
import { escapeLines, printJson, printNotice } from './command-line/output.js';
import { withoutHelpOfNobody } from './command-line/usage-errors.js';
import { createProgram } from './program.js';

/** argv → command. The only place that ends the process. */
async function runCommandLine(argv: readonly string[]): Promise<number> {
  try {
    const program = createProgram();
    await program.parseAsync([...withoutHelpOfNobody(program, argv.slice(2))], { from: 'user' });
    return typeof process.exitCode === 'number' ? process.exitCode : exitCodes.ok;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.unusableInput;
    return reportFailure(error, argv.includes('--json'));
  }
}

function reportFailure(error: unknown, isJson: boolean): number {
  if (!(error instanceof CommandFailure)) {
    printNotice(colors.red('certgate failed in a way it did not expect. Please report this:'));
    printNotice(
      escapeLines(error instanceof Error ? (error.stack ?? error.message) : 'something that is no Error was thrown'),
    );
    return exitCodes.failed;
  }
  if (isJson) printJson({ error: { message: error.message, remedy: error.remedy ?? null } });
  printNotice(`${colors.red('error')} ${escapeLines(error.message)}`);
  if (error.remedy !== undefined) printNotice(`      ${escapeLines(error.remedy)}`);
  return error.exitCode;
}

// Whoever reads the output may have had enough of it: `certgate trust list | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

runCommandLine(process.argv).then(
  (exitCode) => {
    // Output to a pipe is written in its own time; an exit at once would cut it.
    process.exitCode = exitCode;
  },
  () => {
    process.exitCode = exitCodes.failed;
  },
);
