import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { CommandFailure } from '../command-line/command-failure.js';

const retryMilliseconds = 50;
const patienceMilliseconds = 30_000;

/**
 * Lets one process at a time make the files of a development folder: two that start together on a fresh checkout would
 * else mix one's certificates with the other's trust. A folder is made in one step everywhere; that is the lock.
 */
export async function withFolderLock<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const lock = join(folder, '.lock');
  await takeLock(lock);
  try {
    return await work();
  } finally {
    await rm(lock, { recursive: true, force: true });
  }
}

async function takeLock(lock: string): Promise<void> {
  for (let waited = 0; waited < patienceMilliseconds; waited += retryMilliseconds) {
    if (await makeFolder(lock)) return;
    await wait(retryMilliseconds);
    if (await isAbandoned(lock)) await rm(lock, { recursive: true, force: true });
  }
  throw new CommandFailure(`Another certgate has been preparing this folder for too long (${lock}).`, {
    remedy: 'If none is running, delete that lock.',
  });
}

async function makeFolder(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** The work takes a second or two; whoever held the lock for longer was killed. */
async function isAbandoned(lock: string): Promise<boolean> {
  try {
    return Date.now() - (await stat(lock)).mtimeMs > patienceMilliseconds / 2;
  } catch {
    return false;
  }
}
