import type { AddHelpTextContext, Command, Help, HelpConfiguration } from 'commander';
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
    const width = getHelpWidth(context);
    const codes = Object.entries(exitCodes).map(([code, meaning]) =>
      wrap(`  ${code}  ${meaning}`, { width, indent: 5 }),
    );
    // A POSIX shell takes a line that goes on so; elsewhere it is joined by hand.
    const named = examples.map((line) => line.replace(toolName, getToolName()));
    const lines = named.map((line) => wrap(`  ${line}`, { width, indent: 4, lineEnd: ' \\', isCommand: true }));
    return ['', 'Exit codes:', ...codes, '', 'Examples:', ...lines].join('\n');
  });
}

/** Paragraphs below the options. */
export function addHelpNote(command: Command, ...paragraphs: readonly string[]): Command {
  return command.addHelpText('after', (context) =>
    paragraphs.flatMap((text) => ['', wrap(text, { width: getHelpWidth(context), indent: 0 })]).join('\n'),
  );
}

/** What a terminal has; into a file or a pipe, 80 columns. */
function getHelpWidth({ command }: AddHelpTextContext): number {
  return command.configureHelp().helpWidth ?? (process.stdout.isTTY ? process.stdout.columns : usualWidth);
}

const usualWidth = 80;

interface Wrapping {
  readonly width: number;
  /** Of every line but the first. */
  readonly indent: number;
  /** What a line that goes on ends with. */
  readonly lineEnd?: string;
  /** An option stays with its value, and a quoted text in one piece. */
  readonly isCommand?: boolean;
}

function wrap(text: string, { width, indent, lineEnd = '', isCommand = false }: Wrapping): string {
  const room = width - indent - lineEnd.length;
  const words = isCommand
    ? (text.match(commandPart) ?? []).flatMap((part) => (part.trim().length > room ? splitWords(part) : [part]))
    : splitWords(text);
  const lines: string[] = [];
  let line = '';
  for (const word of words) {
    if (line !== '' && line.length + word.length + lineEnd.length > width) {
      lines.push(`${line}${lineEnd}`);
      line = `${' '.repeat(indent)}${word.trimStart()}`;
    } else {
      line += word;
    }
  }
  return [...lines, line].join('\n');
}

const commandPart = /\s*(?:--[\w-]+ (?!-))?(?:"[^"]*"|[^\s"])+/g;

function splitWords(text: string): readonly string[] {
  return text.match(/\s*\S+/g) ?? [];
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
  formatItem: (term, termWidth, description, helper) => formatItem(term, termWidth, description, helper),
};

function formatItem(term: string, termWidth: number, description: string, { helpWidth = usualWidth }: Help): string {
  const indent = termWidth + 4;
  if (description === '') return `  ${term}`;
  if (term.length <= termWidth)
    return wrap(`  ${term.padEnd(termWidth)}  ${description}`, { width: helpWidth, indent });
  return `  ${term}\n${wrap(`${' '.repeat(indent)}${description}`, { width: helpWidth, indent })}`;
}
