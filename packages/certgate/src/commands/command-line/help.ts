import { type AddHelpTextContext, type Command, Help, type HelpConfiguration } from 'commander';
import { getToolName } from '../../texts/tool-call.js';

export interface HelpSections {
  /** What each exit code means for this verb. */
  readonly exitCodes: Readonly<Record<number, string>>;
  /**
   * Commands to copy, without a prompt. They call `certgate`; the help replaces that by the words that start the tool.
   */
  readonly examples: readonly string[];
}

/** The tool's name as a command, not in a path or as part of another word. */
const toolName = /(?<![\w./-])certgate(?= [a-z])/g;

/** Adds the exit codes and examples to the help of a verb. Every verb must have both; a test checks that. */
export function addHelpSections(command: Command, { exitCodes, examples }: HelpSections): Command {
  return command.addHelpText('after', (context) => {
    const helper = getHelper(context);
    const codes = Object.entries(exitCodes).map(([code, meaning]) => helper.formatItem(code, 1, meaning, helper));
    const lines = examples.map((line) => wrapCommand(line.replace(toolName, getToolName()), helper.helpWidth));
    const forShell = process.platform === 'win32' ? 'Examples, for a POSIX shell such as Git Bash:' : 'Examples:';
    return ['', 'Exit codes:', ...codes, '', forShell, ...lines].join('\n');
  });
}

/** Adds paragraphs below the options. */
export function addHelpNote(command: Command, ...paragraphs: readonly string[]): Command {
  return command.addHelpText('after', (context) => {
    const helper = getHelper(context);
    return paragraphs.flatMap((text) => ['', helper.boxWrap(text, helper.helpWidth)]).join('\n');
  });
}

/** A helper that is as wide as the terminal, or 80 columns wide if the output goes to a file or a pipe. */
function getHelper({ command }: AddHelpTextContext): Help & { readonly helpWidth: number } {
  const { helpWidth = process.stdout.isTTY ? process.stdout.columns : 80 } = command.configureHelp();
  return Object.assign(command.createHelp(), { helpWidth });
}

const commandPart = /\s*(?:--[\w-]+ (?!-))?(?:"[^"]*"|[^\s"])+/g;
/** In a POSIX shell, a backslash continues a command on the next line. In PowerShell and cmd.exe, it doesn't. */
const lineEnd = ' \\';
const continuation = '    ';

/**
 * Wraps a command. An option stays with its value, and a text in double quotes in one piece, unless that is wider than
 * a line.
 */
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

/**
 * A term that is longer than this gets a line of its own, so that a single one doesn't make all descriptions narrow.
 */
const longestTerm = 24;

/**
 * If terms are long, Commander does not wrap the descriptions. Here a verb is listed only by its name (its own help
 * shows its arguments), and a long option has its description below it.
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

/** Whether an option may be given more than once, according to its help text. */
export function isRepeatable(description: string): boolean {
  return /\brepeatable\b/.test(description);
}
