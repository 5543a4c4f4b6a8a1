// files/: files that are replaced as a whole, lock folders, JSON files, and rows of CSV.

import { chmod, chown, open, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { hasCode } from '../faults/tool-failure.js';

/** Writes to the disk itself before it returns: a name that leads to an empty file after a power cut admits nobody. */
export async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** The same into a lock's folder. False: the lock has been broken, and its folder is gone. */
export async function prepareDurably(path: string, bytes: Uint8Array): Promise<boolean> {
  try {
    await writeDurably(path, bytes);
    return true;
  } catch (fault) {
    if (hasCode(fault, 'ENOENT')) return false;
    throw fault;
  }
}

/**
 * Moves a prepared file over another in one step, with the mode and, where this user may, the owner of the one it
 * replaces; `newMode` is for one that replaces none. False: the prepared file isn't there any more.
 */
export async function moveIntoPlace(prepared: string, target: string, newMode = 0o644): Promise<boolean> {
  const old = await stat(target).catch(() => undefined);
  try {
    await chmod(prepared, old === undefined ? newMode : old.mode & 0o7777);
    if (old !== undefined) await chown(prepared, old.uid, old.gid).catch(() => undefined);
    await renamePatiently(prepared, target);
  } catch (fault) {
    if (hasCode(fault, 'ENOENT')) return false;
    throw fault;
  }
  await syncFolder(dirname(target));
  return true;
}

/** On Windows a file that somebody reads at this moment (a virus scanner, the app) can't be replaced; a little later it can. */
async function renamePatiently(from: string, to: string): Promise<void> {
  for (let pause = 10; ; pause *= 2) {
    try {
      await rename(from, to);
      return;
    } catch (fault) {
      if (process.platform !== 'win32' || pause > 2_000 || !hasCode(fault, 'EPERM', 'EBUSY', 'EACCES')) throw fault;
      await wait(pause);
    }
  }
}

/** Makes the new name last. Windows has no such call, and some file systems refuse it. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  try {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch {
    // The file is in its place; only a power cut could still undo the move, and then whole.
  }
}
