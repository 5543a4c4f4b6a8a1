import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Command } from 'commander';
import { findSimilar } from './commands/command-line/usage-errors.js';
import { createProgram } from './program.js';

interface ListedCommand {
  /** The command's words, without the program's own name. */
  readonly path: string;
  readonly command: Command;
}

function listCommands(command: Command, path: readonly string[] = []): readonly ListedCommand[] {
  const below = command.commands.flatMap((each) => listCommands(each, [...path, each.name()]));
  return [{ path: path.join(' '), command }, ...below];
}

/** The text that `--help` prints. */
function readHelp(command: Command, width: number): string {
  let help = '';
  command
    .configureOutput({ writeOut: (text) => (help += text), getOutHelpWidth: () => width })
    .configureHelp({ ...command.configureHelp(), helpWidth: width })
    .outputHelp();
  return help;
}

/**
 * The flags that verbs describe in different words: the number of wordings, and the one meaning that all of them share.
 */
const flagMeanings: Readonly<Record<string, readonly [wordings: number, meaning: string]>> = {
  '--at': [2, 'The time that is taken for now.'],
  '--audience': [2, 'The name of an app that the trust document is for.'],
  '--authority': [
    3,
    'A certificate authority: one kept by certgate authority, a file of its certificates, or one of the trust document.',
  ],
  '--by': [2, 'Who: the person that makes the change, or what the rows of the answer are about.'],
  '--certificate': [3, "The file of a caller's certificate."],
  '--certificate-folder': [3, 'A folder of certificates at hand.'],
  '--crl': [2, 'A revocation list: its file, or where apps read it.'],
  '--days': [3, 'How long the certificate that is made is valid.'],
  '--dns': [2, 'A DNS name in the certificate.'],
  '--dry-run': [2, 'Say what would change, and change nothing.'],
  '--fail-on': [2, 'What the exit code 1 is for.'],
  '--front-end': [2, 'The front end that ends TLS before the app.'],
  '--function': [5, 'A function, by its name in the app.'],
  '--identity': [2, 'Answer about this identity of the document.'],
  '--intermediate': [2, 'A CA certificate between a trust anchor and the callers.'],
  '--issued-by': [4, 'The authority of the trust document that issued the certificate.'],
  '--json': [6, 'Print JSON for programs on stdout, and nothing else.'],
  '--key': [2, 'The private key of the certificate, PEM.'],
  '--log': [2, 'Lines of the logs of apps.'],
  '--mode': [2, 'The client certificate mode that the gateway plays.'],
  '--not-after': [2, 'When the pin ends.'],
  '--not-before': [2, 'When the pin begins.'],
  '--owner': [2, 'Who answers for the identity.'],
  '--pin': [2, 'A pin, by its hash or the first digits of it.'],
  '--port': [2, "The gateway's port."],
  '--reason': [2, 'Why it is done.'],
  '--request': [2, 'The HTTP method.'],
  '--revocation': [
    3,
    'How revocation is dealt with: what it means that nothing is known of it, or in a check, that it is looked at.',
  ],
  '--role': [3, 'A role of the identity.'],
  '--signed-by': [2, 'A public key in PEM; the document as it is must be signed by one of these.'],
  '--since': [2, 'Leave out what was written before this time.'],
  '--store': [3, 'Where the trust document is.'],
  '--thumbprint-sha256': [2, 'The SHA-256 thumbprint of the certificate in question.'],
  '--to-existing': [3, 'Add to what is there already.'],
  '--upstream': [2, 'The address of the app, behind the gateway.'],
};

const whole = await createProgram();
const commands = listCommands(whole);
const verbs = commands.filter(({ command }) => command.commands.length === 0);

describe('the help of the command line', () => {
  it('names exit codes and examples for every verb, and --json', () => {
    assert.ok(verbs.length >= 35, String(verbs.length));
    for (const { path, command } of verbs) {
      const help = readHelp(command, 80);
      assert.match(help, /^Exit codes:\n {2}0 {2}\S/m, `${path} lacks exit codes`);
      assert.match(
        help,
        new RegExp(`^Examples.*:\\n(?: {2}.*\\n)*? {2}.*certgate ${path}`, 'm'),
        `${path} lacks an example`,
      );
      assert.match(help, /--json/, `${path} lacks --json`);
    }
  });

  it('is at most as wide as the terminal, and 80 columns elsewhere', () => {
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
  it('may repeat an option that collects values, which its help says; repeating any other option is refused', async () => {
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
    assert.match(await run('trust', 'list', '--store=a', 'x', '--store=a'), /'--store <location>' takes one value/);
    assert.doesNotMatch(await run('dev', '--call', 'a', '--call', 'b', '--nonsense'), /takes one value/);
  });

  it('loads every option and verb of the command that it names', async () => {
    const listOptions = (command: Command | undefined): readonly string[] =>
      listCommands(command ?? new Command()).flatMap((each) => each.command.options.map(({ flags }) => flags));
    for (const { path, command } of verbs) {
      const named = listCommands(await createProgram(path.split(' '))).find((each) => each.path === path);
      assert.deepEqual(listOptions(named?.command), listOptions(command), path);
      assert.equal(named && readHelp(named.command, 80), readHelp(command, 80), path);
    }
  });

  it('lists all commands if it names none', async () => {
    assert.equal(readHelp(await createProgram(['--help']), 80), readHelp(whole, 80));
  });
});

describe('the options of the command line', () => {
  it('have one meaning each: a flag with several wordings is in the list with its one meaning', () => {
    const wordings = new Map<string, Set<string>>();
    for (const { command } of commands) {
      for (const { long, flags, description } of command.options) {
        const name = long ?? flags;
        wordings.set(name, (wordings.get(name) ?? new Set()).add(`${flags}  ${description}`));
      }
    }
    const several = [...wordings].filter(([, texts]) => texts.size > 1);
    const differences = several.map(([name, texts]) => `${name}:\n${[...texts].join('\n')}`).join('\n');
    assert.deepEqual(
      Object.fromEntries(several.map(([name, texts]) => [name, texts.size])),
      Object.fromEntries(Object.entries(flagMeanings).map(([name, [count]]) => [name, count])),
      `Compare the wordings of each flag with its meaning in flagMeanings:\n${differences}`,
    );
  });
});

describe('a mistyped word', () => {
  it('is taken for the word that it begins, then for the word with the fewest typing mistakes', () => {
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
