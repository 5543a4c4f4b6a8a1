import { exitCodes } from './commands/command-line/exit-codes.js';
import { printNotice } from './commands/command-line/output.js';
import { formatMessage } from './faults/safe-text.js';
import { runCommandLine } from './program.js';

// Whoever reads the output may have had enough of it: `certgate trust list | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

// The only place that ends the process.
runCommandLine(process.argv.slice(2)).then(
  (exitCode) => {
    // Output to a pipe is written in its own time; an exit at once would cut it.
    process.exitCode = exitCode;
  },
  (fault: unknown) => {
    // The module that reports failures could not be loaded: a package of the tool is missing or damaged.
    printNotice(`error ${formatMessage(fault instanceof Error ? fault.message : 'certgate failed')}`);
    printNotice('      Install certgate again, and run the same command.');
    process.exitCode = exitCodes.failed;
  },
);
