/** A choice that `explain` printed, as people read it. */
export interface Choice {
  /** What is printed before the commands. Empty if nothing is. */
  readonly introduction: string;
  readonly commands: readonly string[];
}

/** Reads the choices from the text of `explain`, which doesn't break a command into several lines. */
export function readChoices(text: string): readonly Choice[] {
  const choices: { introduction: string; commands: string[] }[] = [];
  for (const line of text.split('\n')) {
    if (/^If .*:$/.test(line)) choices.push({ introduction: line, commands: [] });
    const [, introduction = '', command] = /^(?:(To .*): | +)(npx .*)$/.exec(line) ?? [];
    if (command === undefined) continue;
    if (introduction !== '') choices.push({ introduction, commands: [] });
    if (choices.length === 0) choices.push({ introduction: '', commands: [] });
    choices.at(-1)?.commands.push(command);
  }
  return choices;
}
