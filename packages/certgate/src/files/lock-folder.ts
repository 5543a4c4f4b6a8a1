import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm, rmdir, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { ToolFailure, hasCode } from '../faults/tool-failure.js';

/** A lock that is held. */
export interface LockFolder {
  /**
   * A path inside this holder's part of the lock. What is prepared there and moved out at the end is fenced: if others took
   * the holder for dead and broke the lock, writing and moving find nothing (ENOENT), however late they come, and also if
   * another holds the lock by then.
   */
  resolve(name: string): string;
}

export interface LockPatience {
  /** How long to wait for others, in milliseconds. */
  readonly patience?: number;
  /** A lock whose holder gave no sign of life for this long, as seen from here, is broken. */
  readonly silence?: number;
}

const pollMilliseconds = 25;
const heartbeatMilliseconds = 1_000;

/**
 * Lets one process at a time do `work`. The lock is a folder: it is made in one step on every system. A holder touches it
 * every second, so one that is slow keeps it and one that was killed loses it.
 */
export async function withLockFolder<T>(
  path: string,
  work: (lock: LockFolder) => Promise<T>,
  { patience = 30_000, silence = 8_000 }: LockPatience = {},
): Promise<T> {
  const owner = randomBytes(8).toString('hex');
  await takeLock(path, owner, patience, silence);
  const heartbeat = setInterval(() => {
    const now = new Date();
    // The lock may have been broken; the work finds out by itself.
    utimes(path, now, now).catch(() => undefined);
  }, heartbeatMilliseconds);
  try {
    return await work({ resolve: (name) => join(path, owner, name) });
  } finally {
    clearInterval(heartbeat);
    await releaseLock(path, owner);
  }
}

async function takeLock(path: string, owner: string, patience: number, silence: number): Promise<void> {
  const start = performance.now();
  const watch = new SilenceWatch(path);
  while (!(await tryLock(path, owner))) {
    if (performance.now() - start > patience) {
      throw new ToolFailure(`Another certgate has held the lock ${path} for too long.`, {
        remedy: 'If none is running, delete that folder.',
      });
    }
    if ((await watch.measure()) > silence) await breakLock(path);
    else await wait(pollMilliseconds * (0.5 + Math.random()));
  }
}

async function tryLock(path: string, owner: string): Promise<boolean> {
  try {
    await mkdir(path);
  } catch (fault) {
    // Windows answers EPERM while a folder of that name is being removed.
    if (hasCode(fault, 'EEXIST', ...(process.platform === 'win32' ? ['EPERM', 'EBUSY'] : []))) return false;
    throw fault;
  }
  try {
    await mkdir(join(path, owner));
    return true;
  } catch (fault) {
    // Somebody else's release may remove a folder that is still empty.
    if (hasCode(fault, 'ENOENT')) return false;
    await rmdir(path).catch(() => undefined);
    throw fault;
  }
}

/** Removes this owner's lock and nobody else's: a folder that others have put something into stays. */
async function releaseLock(path: string, owner: string): Promise<void> {
  const own = join(path, owner);
  const left = await readdir(own).catch(() => undefined);
  if (left === undefined) return;
  await Promise.all(left.map((name) => rm(join(own, name), { force: true }).catch(() => undefined)));
  await rmdir(own).catch(() => undefined);
  await rmdir(path).catch(() => undefined);
}

/** Moved away in one step, so that of several who break it at once only one does, and what is in it is gone as a whole. */
async function breakLock(path: string): Promise<void> {
  const aside = `${path}.broken-${randomBytes(6).toString('hex')}`;
  try {
    await rename(path, aside);
  } catch (fault) {
    if (hasCode(fault, 'ENOENT', 'EPERM', 'EBUSY', 'EACCES')) return wait(pollMilliseconds);
    throw fault;
  }
  await rm(aside, { recursive: true, force: true });
}

/** Judged by how long the time stamp stands still while watched, not by its value: a file server has a clock of its own. */
class SilenceWatch {
  readonly #path: string;
  #seen: string | undefined;
  #since = 0;

  constructor(path: string) {
    this.#path = path;
  }

  async measure(): Promise<number> {
    const seen = await stat(this.#path, { bigint: true }).then(
      ({ ino, mtimeNs, birthtimeNs }) => [ino, mtimeNs, birthtimeNs].join(':'),
      () => undefined,
    );
    if (seen === undefined || seen !== this.#seen) {
      this.#seen = seen;
      this.#since = performance.now();
    }
    return performance.now() - this.#since;
  }
}
