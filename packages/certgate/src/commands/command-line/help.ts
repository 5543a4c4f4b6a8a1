import { type AddHelpTextContext, type Command, Help, type HelpConfiguration } from 'commander';
import { getToolName } from '../../faults/tool-call.js';

export interface HelpSections {
  /** Exit code → what it means for this verb. */
  readonly exitCodes: Readonly<Record<number, string>>;
  /** Lines to copy, without a prompt. They name `certgate` alone; the help shows how a shell reaches it. */
  readonly examples: readonly string[];
}

/** The command, not a path or a word within one. */
const toolName = /(?<![\w./-])certgate(?= [a-z])/g;

/** Every verb documents its exit codes and shows examples; a test holds that none is left out. */
export function addHelpSections(command: Command, { exitCodes, examples }: HelpSections): Command {
  return command.addHelpText('after', (context) => {
    const helper = getHelper(context);
    const codes = Object.entries(exitCodes).map(([code, meaning]) => helper.formatItem(code, 1, meaning, helper));
    const lines = examples.map((line) => wrapCommand(line.replace(toolName, getToolName()), helper.helpWidth));
    return ['', 'Exit codes:', ...codes, '', 'Examples:', ...lines].join('\n');
  });
}

/** Paragraphs below the options. */
export function addHelpNote(command: Command, ...paragraphs: readonly string[]): Command {
  return command.addHelpText('after', (context) => {
    const helper = getHelper(context);
    return paragraphs.flatMap((text) => ['', helper.boxWrap(text, helper.helpWidth)]).join('\n');
  });
}

/** As wide as a terminal is; into a file or a pipe, 80 columns. */
function getHelper({ command }: AddHelpTextContext): Help & { readonly helpWidth: number } {
  const { helpWidth = process.stdout.isTTY ? process.stdout.columns : 80 } = command.configureHelp();
  return Object.assign(command.createHelp(), { helpWidth });
}

const commandPart = /\s*(?:--[\w-]+ (?!-))?(?:"[^"]*"|[^\s"])+/g;
/** A POSIX shell takes a line that goes on so; elsewhere it is joined by hand. */
const lineEnd = ' \\';
const continuation = '    ';

/** An option stays with its value, and a quoted text in one piece, unless that is wider than a line. */
function wrapCommand(text: string, width: number): string {
  const room = width - continuation.length - lineEnd.length;
  const words = (text.match(commandPart) ?? []).flatMap((part) =>
    part.trim().length > room ? (part.match(/\s*\S+/g) ?? []) : [part],
  );
  return words.reduce((lines, word) => {
    const last = lines.slice(lines.lastIndexOf('\n') + 1);
    if (last === '  ' || last.length + word.length + lineEnd.length <= width) return lines + word;
    return `${lines}${lineEnd}\n${continuation}${word.trimStart()}`;
  }, '  ');
}

/** Terms longer than this stand on a line of their own, so that one of them doesn't squeeze all descriptions. */
const longestTerm = 24;

/**
 * Commander leaves descriptions unwrapped where the terms are long, and then they run to 170 columns. Here a verb is
 * listed by its name alone (its own help has its arguments), and a long option has its description below it.
 */
export const helpLayout: HelpConfiguration = {
  subcommandTerm: (command) => command.name(),
  padWidth: (command, helper) => {
    const lengths = [
      ...helper.visibleOptions(command).map((option) => helper.optionTerm(option).length),
      ...helper.visibleCommands(command).map((each) => helper.subcommandTerm(each).length),
      ...helper.visibleArguments(command).map((argument) => helper.argumentTerm(argument).length),
    ];
    return Math.max(0, ...lengths.filter((length) => length <= longestTerm));
  },
  formatItem: (term, termWidth, description, helper) => {
    const format = (start: string): string =>
      Help.prototype.formatItem.call(helper, start, termWidth, description, helper);
    return description === '' || term.length <= termWidth ? format(term) : `  ${term}\n${format('')}`;
  },
};

/** By the text of an option. */
export function isRepeatable(description: string): boolean {
  return /\brepeatable\b/.test(description);
}
