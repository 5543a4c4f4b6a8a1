import { Command } from 'commander';
import { addHelpSections } from '../command-line/help.js';
import { loadWhenRun } from '../command-line/load-when-run.js';

export function addAppVerbs(command: Command): Command {
  return command.addCommand(appInspectCommand());
}

export function appInspectCommand(): Command {
  const command = new Command('inspect')
    .description('Load an app without serving it, and report for each function who may call it and what covers it.')
    .argument('[folder]', 'the app: the folder with host.json and package.json', '.')
    .option(
      '--baseline <file>',
      'the baseline to compare with (default: certgate.baseline.json in the app, if it exists)',
    )
    .option('--write-baseline', 'replace the baseline with the present state')
    .option(
      '--as-in-azure',
      "load the app once more with App Service's variables, and report where the two loads differ",
    )
    .option('--json', 'print one JSON object')
    .action(loadWhenRun(async () => (await import('./app-inspect-command.js')).inspect));
  return addHelpSections(command, {
    exitCodes: {
      0: 'the gate covers every HTTP and MCP function at registration, and nothing differs from the baseline',
      1: 'no gate covers an HTTP or MCP function, a webhook is live without a key, the front end is overridden or named twice, something differs from the baseline, or the load as in Azure differs',
      2: 'there is no app, it cannot be loaded, or the baseline cannot be used',
    },
    examples: [
      'certgate app inspect',
      'certgate app inspect ./orders --write-baseline',
      'certgate app inspect ./orders --as-in-azure',
      'certgate app inspect ./orders --json',
    ],
  });
}
