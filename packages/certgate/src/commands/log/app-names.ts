import { readFile } from 'node:fs/promises';
import { messageOf, ToolFailure } from '../../faults/tool-failure.js';

/** The file of `--apps`: the names of the apps that there should be, one on each line, as the lines name them. */
export async function readAppNames(file: string): Promise<readonly string[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new ToolFailure(`${file} can't be read: ${messageOf(cause)}.`, { cause });
  }
  const names = text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .map((line) => line.trim());
  const apps = [...new Set(names.filter((name) => name !== ''))];
  if (apps.length === 0) throw new ToolFailure(`${file} names no app.`, { remedy: 'Write one name on each line.' });
  return apps;
}
