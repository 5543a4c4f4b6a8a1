import type { AppFiles, FileEdit } from './app-files.js';
import { readLayout } from './text-layout.js';

/** Keys and certificates made for development are neither committed nor deployed. */
export async function planIgnoreFiles(files: AppFiles): Promise<readonly FileEdit[]> {
  return [
    ...(await planEntry(files, '.gitignore', '.certgate/')),
    // func's own ignore file: with a slash at the end, it would not match the folder itself.
    ...(await planEntry(files, '.funcignore', '.certgate')),
  ];
}

async function planEntry(files: AppFiles, path: string, entry: string): Promise<readonly FileEdit[]> {
  const text = await files.find(path);
  if (text?.split(/\r?\n/).some((line) => /^(?:\*\*)?\/?\.certgate\/?(?:\*{1,2})?$/.test(line.trim())) === true)
    return [];
  const { endOfLine } = readLayout(text ?? '');
  const before = text ?? '';
  const separator = before === '' || before.endsWith('\n') ? '' : endOfLine;
  return files.edit(path, text, `${before}${separator}${entry}${endOfLine}`);
}
