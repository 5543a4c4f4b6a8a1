import { join } from 'node:path';
import { withLockFolder } from '../command-line/lock-folder.js';

/**
 * Lets one process at a time make the files of a development folder: two that start together on a fresh checkout would
 * else mix one's certificates with the other's trust.
 */
export function withFolderLock<T>(folder: string, work: () => Promise<T>): Promise<T> {
  return withLockFolder(join(folder, '.lock'), work);
}
