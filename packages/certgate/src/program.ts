import { Command } from 'commander';
import { appCommand } from './commands/app/app.js';
import { authorityCommand } from './commands/authority/authority.js';
import { callCommand } from './commands/call.js';
import { certificateCommand } from './commands/certificate/certificate.js';
import { devCommand } from './commands/dev.js';
import { gatewayCommand } from './commands/gateway.js';
import { initCommand } from './commands/init.js';
import { trustCommand } from './commands/trust/trust.js';
import { addHelpNote, getToolVersion } from './command-line/help.js';
import { prepareCommands } from './command-line/usage-errors.js';

/** The whole command line. Errors of usage are thrown, so that one place decides about the end of the process. */
export function createProgram(): Command {
  const program = new Command('certgate')
    .description(
      'Azure Functions behind client certificates: real mTLS on your own machine, and the list of who may call.',
    )
    .version(getToolVersion());
  addHelpNote(
    program,
    'Where it is installed in an app, run it by npx --no-install certgate. Without --no-install, npx fetches and runs whatever package has the name certgate where this one is not installed.',
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
  ];
  for (const command of commands) program.addCommand(command);
  prepareCommands(program);
  return program;
}
