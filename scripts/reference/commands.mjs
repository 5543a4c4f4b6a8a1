// Writes docs/commands.md: every command with the text of its --help. Options that many commands share are listed once.
import { createProgram } from '../../packages/certgate/dist/esm/program.js';
import { code, prose, table } from './markdown.mjs';

export async function writeCommands() {
  const program = await createProgram();
  const verbs = listVerbs(program, []);
  const help = program.createHelp();
  const known = new Map();
  const rowOf = (verb, option) => [code(help.optionTerm(option)), prose(help.optionDescription(option))];
  for (const verb of verbs) {
    for (const option of verb.options) {
      const key = rowOf(verb, option).join(' ');
      known.set(key, [...(known.get(key) ?? []), verb]);
    }
  }
  const isShared = (verb, option) => known.get(rowOf(verb, option).join(' ')).length >= 10;
  const shared = verbs.flatMap((verb) =>
    verb.options.filter((option) => isShared(verb, option)).map((option) => rowOf(verb, option)),
  );
  const unique = [...new Map(shared.map((row) => [row.join(' '), row])).values()];
  return [table(['option', 'meaning'], unique), verbs.map((verb) => describe(verb, rowOf, isShared)).join('\n\n')];
}

function listVerbs(command, path) {
  return command.commands
    .filter((each) => each.name() !== 'help')
    .flatMap((each) => {
      const words = [...path, each.name()];
      const nested = listVerbs(each, words);
      return nested.length > 0 ? nested : [{ words, command: each, options: each.options }];
    });
}

function describe(verb, rowOf, isShared) {
  const { words, command } = verb;
  const own = verb.options.filter((option) => !isShared(verb, option));
  const common = verb.options.filter((option) => isShared(verb, option)).map(({ long }) => code(long));
  const args = command.registeredArguments.map((each) => {
    const help = command.createHelp();
    return [code(each.required ? `<${each.name()}>` : `[${each.name()}]`), prose(help.argumentDescription(each))];
  });
  const sections = readHelpText(command);
  return [
    `### certgate ${words.join(' ')}`,
    '',
    prose(command.description()),
    '',
    `Usage: ${code(`certgate ${words.join(' ')} ${command.usage()}`)}`,
    '',
    table(
      ['argument or option', 'meaning'],
      [
        ...args,
        ...own.map((option) => rowOf(verb, option)),
        ...(common.length === 0 ? [] : [[common.join(', '), '[common options](#common-options)']]),
      ],
    ),
    ...sections.notes.flatMap((note) => ['', prose(note)]),
    '',
    table(
      ['exit code', 'meaning'],
      sections.exitCodes.map(([number, meaning]) => [number, prose(meaning)]),
    ),
    '',
    '```sh',
    ...sections.examples,
    '```',
  ].join('\n');
}

/** The help below the options, as it is printed: notes, exit codes and examples. */
function readHelpText(command) {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part) });
  command.configureHelp({ ...command.configureHelp(), helpWidth: 10_000 });
  command.outputHelp();
  const [, below = ''] = text.split(/^ {2}-h, --help .*\n/m);
  const [notes = '', rest = ''] = below.split('Exit codes:\n');
  const [codes = '', examples = ''] = rest.split(/\nExamples.*:\n/);
  return {
    notes: notes.split('\n').filter((line) => line.trim() !== ''),
    exitCodes: [...codes.matchAll(/^ {2}(\d) {2}(.*)$/gm)].map(([, number, meaning]) => [number, meaning]),
    examples: examples
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(/^ {2}/, '')),
  };
}
