import { chmod, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withLockFolder } from '../files/lock-folder.js';

/** Everything that development makes lives here, inside the app's folder, ignored by git and by func. */
export const developmentFolderName = '.certgate';

const sequence = { next: 0 };

/** Makes the folder, with a .gitignore of its own: keys must not be committed even where the app's says nothing. */
export async function openDevelopmentFolder(appFolder: string): Promise<string> {
  const folder = join(appFolder, developmentFolderName);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await replaceFile(join(folder, '.gitignore'), '*\n');
  return folder;
}

/** Replaces a file as one step, so that a reader never sees half of it. Files that hold keys are the owner's alone. */
export async function replaceFile(path: string, content: string | Uint8Array, isSecret = false): Promise<void> {
  sequence.next += 1;
  const temporary = `${path}.${process.pid}.${sequence.next}.tmp`;
  const mode = isSecret ? 0o600 : 0o644;
  await writeFile(temporary, content, { mode });
  // The mode of writeFile counts for new files only, and Windows has none to set.
  await chmod(temporary, mode);
  await rename(temporary, path);
}

/**
 * Lets one process at a time make the files of a development folder: two that start together on a fresh checkout would
 * else mix one's certificates with the other's trust.
 */
export function withFolderLock<T>(folder: string, work: () => Promise<T>): Promise<T> {
  return withLockFolder(join(folder, '.lock'), work);
}
