import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { shellWord } from '../../texts/safe-text.js';
import { countSlips } from '../../texts/slips.js';
import { formerNames } from './former-names.js';
import { helpLayout, isRepeatable } from './help.js';
import { printNotice } from './output.js';
import { mayBePrinted } from './verb.js';

/**
 * The right options for names that users take from another verb or might expect: by the wrong name, and by the verb, or
 * `*` for every verb that has the right option.
 */
const otherNames: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  '--certificate': { 'trust authority add': '--trust-anchor', 'trust authority remove': '--thumbprint-sha256' },
  '--password-file': {
    'authority create': '--authority-password-file',
    'authority crl': '--authority-password-file',
    'authority revoke': '--authority-password-file',
  },
  '--key': { '*': '--signing-key' },
  '--mode': { 'trust authority add': '--revocation' },
};

/**
 * Prepares how each command reports words that it can't use. An error of usage is thrown, so that one place decides how
 * the process ends.
 */
export function prepareCommands(command: Command): void {
  command
    .exitOverride()
    .showSuggestionAfterError(false)
    .showHelpAfterError(`Run ${describeCommand(command)} --help to see what it takes.`)
    .configureHelp(helpLayout)
    .configureOutput({
      writeErr: (text) => {
        printNotice(text.trimEnd());
      },
      outputError: (text, write) => {
        write(describeUsageError(command, text));
      },
    });
  refuseRepetition(command);
  command.commands.forEach(prepareCommands);
}

/**
 * Refuses an option with a value that comes twice, because Commander would silently take the last value. An option that
 * may come twice takes several values at once, or says so in its description.
 */
function refuseRepetition(command: Command): void {
  for (const option of command.options) {
    if (option.isBoolean() || option.negate || option.variadic || isRepeatable(option.description)) continue;
    let count = 0;
    command.on(`option:${option.name()}`, () => {
      count += 1;
      if (count > 1) command.error(`error: option '${option.flags}' takes one value, but is given more than once.`);
    });
  }
}

/**
 * Removes the words that ask for help if the other words name no command. Otherwise Commander would show the help of
 * the program for `certgate nonsense --help`, as if there were such a command. Without them, it reports that there is
 * none.
 */
export function dropHelpWithoutCommand(program: Command, words: readonly string[]): readonly string[] {
  let command = program;
  for (const word of words) {
    if (word === 'help') continue;
    if (word.startsWith('-') || command.commands.length === 0) return words;
    const found = command.commands.find((each) => each.name() === word);
    if (found === undefined) return words.filter((each) => each !== '--help' && each !== '-h' && each !== 'help');
    command = found;
  }
  return words;
}

function describeUsageError(command: Command, text: string): string {
  const unknown = findUnknownOption(command, text);
  if (unknown !== undefined) {
    const suggestion = suggestOption(command, unknown);
    const options = command.options.flatMap(({ long }) => long ?? []);
    const hint =
      findReplacement(command, unknown) ??
      (suggestion === undefined ? `Its options are ${options.join(', ')}.` : `Did you mean ${suggestion}?`);
    return `error: ${describeCommand(command)} has no option ${unknown}. ${hint}\n`;
  }
  const expected = /^error: too many arguments for .* Expected (\d+)/m.exec(text)?.[1];
  if (expected !== undefined) return describeExcess(command, command.args[Number(expected)] ?? '');
  if (text.startsWith("error: required option '--store ")) return `${text.trimEnd()}. ${suggestStore()}\n`;
  const [, option, value] = /^error: option '(--[\w-]+).*' argument '(.*)' is invalid/.exec(text) ?? [];
  const instead = findReplacement(command, `${option} ${value}`);
  if (instead !== undefined) return `${text.trimEnd()} ${instead}\n`;
  const verb = /^error: unknown command '(.*)'$/m.exec(text)?.[1];
  if (verb === undefined) return text;
  const names = command.commands.map((each) => each.name());
  const suggestion = findSimilar(verb, names);
  const hint =
    findReplacement(command, verb) ??
    (suggestion === undefined ? `There are ${names.join(', ')}.` : `Did you mean ${suggestion}?`);
  return `error: ${describeCommand(command)} has no command ${verb}. ${hint}\n`;
}

function findReplacement(command: Command, name: string): string | undefined {
  return formerNames[describeCommand(command)]?.[name];
}

function describeExcess(command: Command, word: string): string {
  const hasCertificate = command.options.some(({ long }) => long === '--certificate');
  const hint = hasCertificate
    ? `If it is a file: --certificate ${shellWord(word)}`
    : 'Write a value after its option, and put text with spaces in quotes.';
  return `error: ${describeCommand(command)} takes no argument "${word}". ${hint}\n`;
}

/**
 * Suggests the trust document that the app in this folder reads. The secret in an address, or a whole document, must
 * never be printed.
 */
function suggestStore(): string {
  const named = readStoreOfApp();
  if (named === undefined) return 'It says where the trust document is, e.g. --store file:trust.json';
  return mayBePrinted(named)
    ? `local.settings.json here has CERTGATE_TRUST: --store ${shellWord(named)}`
    : 'local.settings.json here has CERTGATE_TRUST: set the environment variable to the same value.';
}

function readStoreOfApp(): string | undefined {
  try {
    const { Values } = JSON.parse(readFileSync('local.settings.json', 'utf8').replace(/^\uFEFF/, '')) as {
      readonly Values?: { readonly CERTGATE_TRUST?: unknown };
    };
    const named = Values?.CERTGATE_TRUST;
    return typeof named === 'string' && named !== '' ? named : undefined;
  } catch {
    return undefined;
  }
}

/** The option that the verb doesn't have. If a required option is mistyped, Commander says only that it is missing. */
function findUnknownOption(command: Command, text: string): string | undefined {
  const unknown = /^error: unknown option '(.*)'$/m.exec(text)?.[1];
  if (unknown !== undefined) return unknown.replace(/=.*$/s, '');
  if (!text.startsWith('error: required option')) return undefined;
  const words = command.args.slice(0, [...command.args, '--'].indexOf('--'));
  return words.find((word) => /^--[a-z]/.test(word))?.replace(/=.*$/s, '');
}

function suggestOption(command: Command, unknown: string): string | undefined {
  const names = otherNames[unknown];
  const other = names?.[listNames(command).slice(1).join(' ')] ?? names?.['*'];
  const options = [...command.options.flatMap(({ long }) => long ?? []), '--help'];
  return other !== undefined && options.includes(other) ? other : findSimilar(unknown, options);
}

/**
 * The shortest name that begins with what was typed, or else the name with the fewest typing mistakes. Undefined if no
 * name is similar enough.
 */
export function findSimilar(typed: string, names: readonly string[]): string | undefined {
  const bare = typed.replace(/^-+/, '').toLowerCase();
  if (bare.length < 2) return undefined;
  const candidates = names.map((name) => ({ name, text: name.replace(/^-+/, '') }));
  const begun = candidates.filter(({ text }) => text.startsWith(bare));
  const [shortest] = [...begun].sort((one, other) => one.text.length - other.text.length);
  if (shortest !== undefined) return shortest.name;
  const maximum = Math.max(1, Math.floor(bare.length / 3));
  const [closest] = candidates
    .map(({ name, text }) => ({ name, slips: countSlips(bare, text, maximum) ?? Infinity }))
    .filter(({ slips }) => slips <= maximum)
    .sort((one, other) => one.slips - other.slips);
  return closest?.name;
}

function describeCommand(command: Command): string {
  return listNames(command).join(' ');
}

/** The names from the program down to the command. */
function listNames(command: Command): readonly string[] {
  return command.parent === null ? [command.name()] : [...listNames(command.parent), command.name()];
}
