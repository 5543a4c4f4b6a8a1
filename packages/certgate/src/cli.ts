import { exitCodes } from './commands/command-line/exit-codes.js';
import { printNotice } from './commands/command-line/output.js';
import { formatMessage } from './texts/safe-text.js';
import { runCommandLine } from './program.js';

// The reader of the output may stop early, for example `certgate trust list | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

// Sets the exit code when the command has ended.
runCommandLine(process.argv.slice(2)).then(
  (exitCode) => {
    // `process.exit` would cut output that is still being written to a pipe.
    process.exitCode = exitCode;
  },
  (fault: unknown) => {
    // The module that reports failures could not be loaded: a package of the tool is missing or damaged.
    printNotice(`error ${formatMessage(fault instanceof Error ? fault.message : 'certgate failed')}`);
    printNotice('      Install certgate again, and run the same command.');
    process.exitCode = exitCodes.failed;
  },
);
