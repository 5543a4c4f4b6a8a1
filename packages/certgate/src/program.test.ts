import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Command } from 'commander';
import { findSimilar } from './commands/command-line/usage-errors.js';
import { createProgram } from './program.js';
import { flagMeanings } from './commands/test-support/flag-meanings.js';

interface ListedCommand {
  /** Without the program's own name. */
  readonly path: string;
  readonly command: Command;
}

function listCommands(command: Command, path: readonly string[] = []): readonly ListedCommand[] {
  const below = command.commands.flatMap((each) => listCommands(each, [...path, each.name()]));
  return [{ path: path.join(' '), command }, ...below];
}

/** What `--help` prints. */
function readHelp(command: Command, width: number): string {
  let help = '';
  command
    .configureOutput({ writeOut: (text) => (help += text), getOutHelpWidth: () => width })
    .configureHelp({ ...command.configureHelp(), helpWidth: width })
    .outputHelp();
  return help;
}

const whole = await createProgram();
const commands = listCommands(whole);
const verbs = commands.filter(({ command }) => command.commands.length === 0);

describe('the help of the command line', () => {
  it('names exit codes and examples for every verb, and --json', () => {
    assert.ok(verbs.length >= 35, String(verbs.length));
    for (const { path, command } of verbs) {
      const help = readHelp(command, 80);
      assert.match(help, /^Exit codes:\n {2}0 {2}\S/m, path);
      assert.match(help, new RegExp(`^Examples:\\n(?: {2}.*\\n)*? {2}.*certgate ${path}`, 'm'), path);
      assert.match(help, /--json/, path);
    }
  });

  it('is no wider than the terminal, and 80 columns elsewhere', () => {
    for (const width of [80, 120]) {
      for (const { path, command } of commands) {
        const wide = readHelp(command, width)
          .split('\n')
          .filter((line) => line.length > width);
        assert.deepEqual(wide, [], path);
      }
    }
  });

  it('gives each option a line that begins with its name, and keeps an option with its value in examples', () => {
    const help = readHelp(verbs.find(({ path }) => path === 'trust add')?.command ?? new Command(), 80);
    assert.match(help, /^ {2}--signing-key-password-file <file>\n {20,}a file/m);
    assert.match(help, /^ {4}.*--owner "payments team" .*\\\n {4}--store file:trust\.json$/m);
  });
});

describe('a command line', () => {
  it('may repeat an option that collects values, and says so in its help; any other is refused', async () => {
    const withValue = commands.flatMap(({ path, command }) =>
      command.options.filter((option) => !option.isBoolean()).map((option) => ({ path, option })),
    );
    const collecting = withValue.filter(({ option }) => option.parseArg?.name.startsWith('collect') === true);
    assert.ok(collecting.length > 20);
    for (const { path, option } of collecting)
      assert.match(option.description, /\brepeatable\b/, `${path} ${option.flags}`);
    for (const { path, option } of withValue) {
      const isRepeatable = option.variadic || collecting.some((each) => each.option === option);
      assert.equal(
        /\brepeatable\b/.test(option.description),
        isRepeatable && !option.variadic,
        `${path} ${option.flags}`,
      );
    }
    const run = async (...words: readonly string[]): Promise<string> => {
      const program = await createProgram(words);
      let said = '';
      const listen = (command: Command): void => {
        command.configureOutput({ writeErr: (text) => (said += text) });
        command.commands.forEach(listen);
      };
      listen(program);
      await assert.rejects(program.parseAsync(words, { from: 'user' }));
      return said;
    };
    assert.match(await run('trust', 'list', '--store', 'a', '--store', 'b'), /'--store <location>' takes one value/);
    assert.match(await run('trust', 'show', '--store=a', 'x', '--store=a'), /'--store <location>' takes one value/);
    assert.doesNotMatch(await run('dev', '--call', 'a', '--call', 'b', '--nonsense'), /takes one value/);
  });

  it('has the command that it names as a whole', async () => {
    const listOptions = (command: Command | undefined): readonly string[] =>
      listCommands(command ?? new Command()).map((each) =>
        [each.path, ...each.command.options.map(({ flags }) => flags)].join(' '),
      );
    for (const command of whole.commands) {
      const named = (await createProgram([command.name()])).commands.find((each) => each.name() === command.name());
      assert.deepEqual(listOptions(named), listOptions(command), command.name());
    }
  });

  it('that names no command lists them all', async () => {
    assert.equal(readHelp(await createProgram(['--help']), 80), readHelp(whole, 80));
  });
});

describe('the options of the command line', () => {
  it('have one meaning each: a flag that is worded in several ways has those below its one meaning', () => {
    const wordings = new Map<string, Set<string>>();
    for (const { command } of commands) {
      for (const { long, flags, description } of command.options) {
        const name = long ?? flags;
        wordings.set(name, (wordings.get(name) ?? new Set()).add(`${flags}  ${description}`));
      }
    }
    const several = [...wordings].filter(([, texts]) => texts.size > 1);
    const found = Object.fromEntries(several.map(([name, texts]) => [name, [...texts].sort()]));
    const agreed = Object.entries(flagMeanings).map(([name, { wordings: texts }]) => [name, [...texts].sort()]);
    assert.deepEqual(found, Object.fromEntries(agreed));
  });
});

describe('a mistyped word', () => {
  it('is taken for one that it begins, then for the one with the fewest slips', () => {
    const names = ['--cacert', '--certificate', '--certificate-folder', '--store', '--json', '--help'];
    for (const [typed, meant] of [
      ['--cert', '--certificate'],
      ['--stor', '--store'],
      ['--sotre', '--store'],
      ['--certifcate', '--certificate'],
      ['--ca-cert', '--cacert'],
      ['--jso', '--json'],
      ['--nonsense', undefined],
      ['--x', undefined],
    ] as const) {
      assert.equal(findSimilar(typed, names), meant, typed);
    }
  });
});
