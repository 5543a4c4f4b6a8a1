import { Command, CommanderError } from 'commander';
import colors from 'picocolors';
import { ToolFailure } from './faults/tool-failure.js';
import { exitCodeOf, exitCodes } from './commands/command-line/exit-codes.js';
import { escapeLines, formatMessage } from './faults/safe-text.js';
import { printJson, printNotice } from './commands/command-line/output.js';
import { appCommand } from './commands/app/app-command.js';
import { authorityCommand } from './commands/authority/authority-command.js';
import { callCommand } from './commands/call-command.js';
import { certificateCommand } from './commands/certificate/certificate-command.js';
import { devCommand } from './commands/dev-command.js';
import { doctorCommand } from './commands/doctor-command.js';
import { gatewayCommand } from './commands/gateway-command.js';
import { initCommand } from './commands/init-command.js';
import { trustCommand } from './commands/trust/trust-command.js';
import { addHelpNote } from './commands/command-line/help.js';
import { getToolVersion } from './faults/tool-version.js';
import { prepareCommands, withoutHelpOfNobody } from './commands/command-line/usage-errors.js';

/** The whole command line. Errors of usage are thrown, so that one place decides about the end of the process. */
export function createProgram(): Command {
  const program = new Command('certgate')
    .description(
      'Protect Azure Functions with client certificates: real mTLS on your own machine, and tools for the list of who may call.',
    )
    .version(getToolVersion());
  addHelpNote(
    program,
    'If it is installed in an app, run it with npx --no-install certgate. Without --no-install, and if it is not installed, npx downloads and runs whatever package has the name certgate.',
  );
  const commands = [
    initCommand(),
    devCommand(),
    gatewayCommand(),
    callCommand(),
    certificateCommand(),
    authorityCommand(),
    trustCommand(),
    appCommand(),
    doctorCommand(),
  ];
  for (const command of commands) program.addCommand(command);
  prepareCommands(program);
  return program;
}

/** Words without the program's own name → the exit code. Every fault is printed, and none is thrown. */
export async function runCommandLine(words: readonly string[]): Promise<number> {
  try {
    const program = createProgram();
    await program.parseAsync([...withoutHelpOfNobody(program, words)], { from: 'user' });
    return typeof process.exitCode === 'number' ? process.exitCode : exitCodes.ok;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.unusableInput;
    return reportFailure(error, words.includes('--json'));
  }
}

function reportFailure(error: unknown, isJson: boolean): number {
  if (!(error instanceof ToolFailure)) {
    printNotice(colors.red('certgate failed in a way it did not expect. Please report this:'));
    printNotice(
      escapeLines(error instanceof Error ? (error.stack ?? error.message) : 'something that is no Error was thrown'),
    );
    return exitCodes.failed;
  }
  if (isJson) printJson({ error: { message: error.message, remedy: error.remedy ?? null } });
  printNotice(`${colors.red('error')} ${formatMessage(error.message)}`);
  if (error.remedy !== undefined) printNotice(`      ${formatMessage(error.remedy)}`);
  return exitCodeOf[error.kind];
}
