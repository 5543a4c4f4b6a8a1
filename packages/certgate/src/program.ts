import { Command, CommanderError } from 'commander';
import { exitCodes } from './commands/command-line/exit-codes.js';
import { addHelpNote } from './commands/command-line/help.js';
import { getToolVersion } from './texts/tool-version.js';
import { prepareCommands, dropHelpWithoutCommand } from './commands/command-line/usage-errors.js';
import type { Verb, VerbGroup } from './commands/command-line/verb.js';

interface CommandRow {
  readonly name: string;
  readonly description: string;
  /** Loads the command's verbs, or its arguments and options. */
  readonly load: () => Promise<Verb | VerbGroup>;
}

/** The commands, in the order of the help. */
const commandTable: readonly CommandRow[] = [
  {
    name: 'init',
    description:
      'Add Certgate to an existing function app: the gate, settings, a dev script and editor settings. Shows the changes first.',
    load: async () => (await import('./commands/top-level-verbs.js')).initVerb,
  },
  {
    name: 'dev',
    description:
      'Run a function app behind the local gateway, with development certificates and a trust document, and check who is admitted.',
    load: async () => (await import('./commands/top-level-verbs.js')).devVerb,
  },
  {
    name: 'gateway',
    description:
      "Run a front end on your machine, App Service's or another: real mTLS in front of an app that uses plain HTTP. The secret of the front end comes from the environment variable CERTGATE_FRONT_END_SECRET.",
    load: async () => (await import('./commands/top-level-verbs.js')).gatewayVerb,
  },
  {
    name: 'call',
    description: 'Call a function over mTLS, with or without a certificate, and show the answer.',
    load: async () => (await import('./commands/top-level-verbs.js')).callVerb,
  },
  {
    name: 'certificate',
    description: 'Create, issue, inspect and verify client certificates.',
    load: async () => (await import('./commands/certificate/certificate-verbs.js')).certificateVerbs,
  },
  {
    name: 'authority',
    description: 'Run a certificate authority for development or a small closed system.',
    load: async () => (await import('./commands/authority/authority-verbs.js')).authorityVerbs,
  },
  {
    name: 'trust',
    description:
      'Administer who may call: a trust document in a file or in Azure Blob Storage, and the log of its changes.',
    load: async () => (await import('./commands/trust/trust-verbs.js')).trustVerbs,
  },
  {
    name: 'app',
    description: 'Inspect a function app: who may call what.',
    load: async () => (await import('./commands/app/app-verbs.js')).appVerbs,
  },
  {
    name: 'doctor',
    description:
      'Probe a deployed app from outside: who is admitted, whether forged headers or certificates get in, and what a refusal discloses.',
    load: async () => (await import('./commands/top-level-verbs.js')).doctorVerb,
  },
];

/**
 * Creates the command line. With `words`, only the commands that the words name get their verbs and options; the others
 * are only listed in the help. Errors of usage are thrown, so that one place decides how the process ends.
 */
export async function createProgram(words?: readonly string[]): Promise<Command> {
  const program = new Command('certgate')
    .description(
      'Protect Azure Functions with client certificates: real mTLS on your own machine, and tools for the list of who may call.',
    )
    .version(getToolVersion());
  addHelpNote(
    program,
    'If it is installed in an app, run it with npx --no-install certgate. Without --no-install, and if it is not installed, npx downloads and runs whatever package has the name certgate.',
  );
  for (const { name, description, load } of commandTable) {
    const command = program.command(name).description(description);
    if (words === undefined || words.includes(name)) {
      const { fillCommand } = await import('./commands/command-line/verb.js');
      fillCommand(command, await load(), words);
    }
  }
  prepareCommands(program);
  return program;
}

/**
 * Runs the command that the words (without the program's own name) say, and returns the exit code. Every failure is
 * printed, and none is thrown, unless the module that reports failures can't be loaded.
 */
export async function runCommandLine(words: readonly string[]): Promise<number> {
  try {
    const program = await createProgram(words);
    await program.parseAsync([...dropHelpWithoutCommand(program, words)], { from: 'user' });
    return typeof process.exitCode === 'number' ? process.exitCode : exitCodes.ok;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.unusableInput;
    const { reportFailure } = await import('./commands/command-line/report-failure.js');
    return reportFailure(error, words.includes('--json'));
  }
}
