import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm, rmdir, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { ToolFailure, hasCode } from '#local/tool-failure.js';

/** A lock that this process has taken. */
export interface LockFolder {
  /**
   * A path inside this holder's own part of the lock folder. Prepare a file there and move it out at the end. If
   * another process takes this holder for dead and breaks the lock, that part is gone for good: writing and moving fail
   * with `ENOENT`, however late they come, even if another holder has the lock by then.
   */
  resolve(name: string): string;
}

export interface LockPatience {
  /** How long to wait for other holders, in milliseconds. */
  readonly patience?: number;
  /**
   * A lock whose folder has not changed for this many milliseconds is broken. The waiting process measures the time
   * with its own clock.
   */
  readonly silence?: number;
}

const pollMilliseconds = 25;
const heartbeatMilliseconds = 1_000;

/**
 * Lets one process at a time do `work`. The lock is a folder, because every system creates a folder in one step. A
 * holder touches it every second, so that a slow holder keeps the lock and a killed one loses it.
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
    // If another process has broken the lock, this fails. The work notices that itself when it writes or moves its
    // file.
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
    // Windows answers `EPERM` or `EBUSY` while a folder of that name is being removed.
    if (hasCode(fault, 'EEXIST', ...(process.platform === 'win32' ? ['EPERM', 'EBUSY'] : []))) return false;
    throw fault;
  }
  try {
    await mkdir(join(path, owner));
    return true;
  } catch (fault) {
    // Another process that releases or breaks the lock may have removed the folder, which was still empty.
    if (hasCode(fault, 'ENOENT')) return false;
    await rmdir(path).catch(() => undefined);
    throw fault;
  }
}

/**
 * Removes this owner's part of the lock, and the lock's folder only if it is empty then. A folder that contains another
 * holder's part stays.
 */
async function releaseLock(path: string, owner: string): Promise<void> {
  const own = join(path, owner);
  const left = await readdir(own).catch(() => undefined);
  if (left === undefined) return;
  await Promise.all(left.map((name) => rm(join(own, name), { force: true }).catch(() => undefined)));
  await rmdir(own).catch(() => undefined);
  await rmdir(path).catch(() => undefined);
}

/**
 * Moves the lock away in one step before it deletes it: of several processes that break it at once only one succeeds,
 * and the holder's part disappears as a whole.
 */
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

/**
 * Measures how long the lock's time stamp has not changed, by this process's clock. The time stamp's own value is not
 * compared with a clock, because a file server has a clock of its own.
 */
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
