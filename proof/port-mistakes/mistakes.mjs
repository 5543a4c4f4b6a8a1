import { readFileSync } from 'node:fs';

/**
 * Reads mistakes.txt. A block has lines for: a name, `in` a file, texts of the file (-) with what replaces each (+),
 * and the reason why no vector can notice the mistake (=).
 */
export function readMistakes() {
  const text = readFileSync(new URL('mistakes.txt', import.meta.url), 'utf8');
  const blocks = text.split('\n\n').map((block) => block.split('\n').filter((line) => !line.startsWith('#')));
  return blocks.flatMap(([name = '', ...lines]) => {
    if (name === '') return [];
    const find = (mark) => lines.filter((line) => line.startsWith(mark)).map((line) => line.slice(mark.length).trim());
    const [part = name.split(':')[0]] = find('in ');
    const [after, [equivalent]] = [find('+'), find('=')];
    return { name, part, changes: find('-').map((before, index) => [before, after[index]]), equivalent };
  });
}

/** The text of a compiled file of the reference with the mistake in it. */
export function change(text, { name, changes }) {
  return changes.reduce((changed, [before, after]) => {
    if (changed.split(before).length !== 2)
      throw new Error(`${name}: the reference does not have this once: ${before}`);
    return changed.replace(before, () => after);
  }, text);
}
