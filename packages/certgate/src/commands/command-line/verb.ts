import { type Command, Option } from 'commander';
import { withStore } from '../../texts/tool-call.js';
import { addHelpNote, addHelpSections, type HelpSections, isRepeatable } from './help.js';

/** Reads the value of an option, and throws Commander's InvalidArgumentError if the value is not allowed. */
export type ValueParser = (text: string, previous: never) => unknown;

export interface OptionSettings {
  readonly parse?: ValueParser;
  /** A function if core knows the choices, so that other verbs start without core. */
  readonly choices?: readonly string[] | (() => readonly string[]);
  readonly default?: unknown;
  /** The default as the help shows it, if that is not the value itself. */
  readonly defaultText?: string;
  /** The option's value if it is given without one. */
  readonly preset?: string;
  /** The names of options, in camel case, that can't be used together with this one. */
  readonly conflicts?: readonly string[];
  /** The environment variable that is read if the option is missing. */
  readonly env?: string;
  readonly isRequired?: boolean;
  /** With this option, the verb only prints something, and its required options may be missing. */
  readonly isAlone?: boolean;
}

/**
 * The options of a verb: by their flags as Commander writes them, the text of the help, and how the value is read if it
 * is not plain text. An option without a parser whose text has the word `repeatable` collects its values.
 */
export type Options = Readonly<Record<string, string | readonly [string, ValueParser | OptionSettings]>>;

export interface Verb extends HelpSections {
  /**
   * The arguments of a verb: by their name as `<name>` or `[name]`, the text of the help, and the default if there is
   * one.
   */
  readonly arguments?: Readonly<Record<string, string | readonly [string, string]>>;
  readonly options: Options;
  /**
   * Imports the function that does the work. It is called only when the verb runs, so help and usage errors don't wait
   * for it.
   */
  readonly work: () => Promise<(...words: never[]) => Promise<void> | void>;
  /** Paragraphs of the help, below the options. */
  readonly notes?: readonly string[];
}

/** Verbs, or groups of verbs, by their names, in the order of the help. */
export interface VerbGroup {
  readonly verbs: VerbTable;
}

export type VerbTable = Readonly<Record<string, (Verb | VerbGroup) & { readonly description: string }>>;

/**
 * Adds verbs, arguments and options to a command. With `words`, only the verbs and groups that the words name get their
 * content; the others are only listed.
 */
export function fillCommand(command: Command, content: Verb | VerbGroup, words?: readonly string[]): void {
  if (!('verbs' in content)) {
    describeVerb(command, content);
    return;
  }
  for (const [name, verb] of Object.entries(content.verbs)) {
    const listed = command.command(name).description(verb.description);
    if (words === undefined || words.includes(name)) fillCommand(listed, verb, words);
  }
}

function describeVerb(command: Command, { arguments: words = {}, options, work, notes = [], ...help }: Verb): void {
  for (const [name, word] of Object.entries(words)) {
    const [description, value] = typeof word === 'string' ? [word] : word;
    command.argument(name, description, value);
  }
  for (const [flags, row] of Object.entries(options)) {
    const [description, given] = typeof row === 'string' ? [row, {}] : row;
    const settings = typeof given === 'object' ? given : { parse: given };
    const option = createOption(flags, description, settings);
    command.addOption(option);
    if (settings.isAlone === true) {
      command.on(`option:${option.name()}`, () => {
        for (const each of command.options) each.makeOptionMandatory(false);
      });
    }
  }
  command.action(async (...given: readonly unknown[]) => {
    refusePlaceholders(command);
    const run = (await work()) as (...words: readonly unknown[]) => Promise<void> | void;
    const store = given.map(readStore).find((each) => each !== undefined);
    // The commands that its messages print then name the same `--store`.
    await (store === undefined ? run(...given) : withStore(store, () => run(...given)));
  });
  addHelpNote(command, ...notes);
  addHelpSections(command, help);
}

/**
 * Refuses a placeholder that printed commands and help texts have in place of a value, because it would be stored as it
 * is: the name of the argument, of the option or of its value in capitals, or a word that ends with `-FROM-THE-OWNER`.
 * The option for a reason is excepted, because a reason decides nothing, and a printed command that undoes a change
 * should run as it is.
 */
function refusePlaceholders(command: Command): void {
  const values: Readonly<Record<string, unknown>> = command.opts();
  const { registeredArguments, args, options } = command;
  const given = [
    ...registeredArguments.map((each, index) => [`<${each.name()}>`, args[index]] as const),
    ...options.map((each) => [each.flags, values[each.attributeName()]] as const),
  ];
  for (const [flags, value] of given) {
    const words = flags.match(/(?<=--|[<[])[\w-]+/g)?.map((word) => word.toUpperCase().replaceAll('-', '_')) ?? [];
    const texts = [value].flat().filter((each) => typeof each === 'string');
    const found = texts.find((each) => words.includes(each) || each.endsWith('-FROM-THE-OWNER'));
    if (found !== undefined && !words.includes('REASON'))
      command.error(`error: ${flags} has the placeholder ${found}. Put the real value in its place.`);
  }
}

function createOption(flags: string, description: string, settings: OptionSettings): Option {
  const { parse = isRepeatable(description) ? collect : undefined, choices, preset, conflicts, env } = settings;
  const option = new Option(flags, description).default(settings.default, settings.defaultText);
  // Commander passes the option's present value as the second argument: its default, or what the parser returned before.
  if (parse !== undefined) option.argParser(parse as (text: string, previous: unknown) => unknown);
  if (choices !== undefined) option.choices(typeof choices === 'function' ? choices() : choices);
  if (preset !== undefined) option.preset(preset);
  if (conflicts !== undefined) option.conflicts([...conflicts]);
  if (env !== undefined) option.env(env);
  return option.makeOptionMandatory(settings.isRequired === true);
}

function collect(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
}

/**
 * The store that printed commands may name. Undefined unless the flags name one that may be printed. Commands must
 * never contain a whole document, which begins with `{`, nor a URL with a query or an `@`, which may contain a secret.
 */
function readStore(word: unknown): string | undefined {
  if (typeof word !== 'object' || word === null || !('store' in word)) return undefined;
  const { store } = word;
  return typeof store === 'string' && mayBePrinted(store) ? store : undefined;
}

export function mayBePrinted(store: string): boolean {
  return !/^\s*\{|:\/\/.*[?@]/.test(store);
}

/** The option `--json` for a verb that prints one object. */
export const jsonOption: Options = { '--json': 'print one JSON object' };
