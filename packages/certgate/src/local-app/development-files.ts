import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withLockFolder } from '../files/lock-folder.js';
import { renamePatiently } from '../files/replace-file.js';

/**
 * The folder for everything that development makes. It is inside the app's folder, and git ignores it. With the lines
 * of `certgate init` in .funcignore, func ignores it too.
 */
export const developmentFolderName = '.certgate';

const sequence = { next: 0 };

/**
 * Makes the folder with a .gitignore of its own, because keys must not be committed even if the app's .gitignore does
 * not exclude them.
 */
export async function openDevelopmentFolder(appFolder: string): Promise<string> {
  const folder = join(appFolder, developmentFolderName);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await replaceFile(join(folder, '.gitignore'), '*\n');
  return folder;
}

/** Replaces a file in one step, so that a reader never sees half of it. Only the owner may read a file with keys. */
export async function replaceFile(path: string, content: string | Uint8Array, isSecret = false): Promise<void> {
  sequence.next += 1;
  const temporary = `${path}.${process.pid}.${sequence.next}.tmp`;
  const mode = isSecret ? 0o600 : 0o644;
  await writeFile(temporary, content, { mode });
  // The mode given to writeFile affects only new files. Windows ignores it.
  await chmod(temporary, mode);
  await renamePatiently(temporary, path);
}

/**
 * Lets only one process at a time write into a development folder. Otherwise two that start together on a fresh
 * checkout could mix the certificates of one with the trust document of the other.
 */
export function withFolderLock<T>(folder: string, work: () => Promise<T>): Promise<T> {
  return withLockFolder(join(folder, '.lock'), work);
}
