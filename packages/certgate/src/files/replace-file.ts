// files/: functions for files that are replaced as a whole, lock folders, and rows of CSV.

import { chmod, chown, open, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { hasCode } from '#local/tool-failure.js';

/**
 * Creates a file and flushes it to the disk before it returns. Otherwise a power cut could leave an empty file under
 * the name, and with an empty trust document the gate admits nobody.
 */
export async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * Like `writeDurably`, for a file in a lock's folder. Returns false if the lock has been broken, so that its folder is
 * gone.
 */
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
 * Moves a prepared file to `target` in one step. If that replaces a file, the new one gets the old one's mode and, if
 * this user may set it, its owner; otherwise it gets `newMode`. Returns false if the prepared file or the target's
 * folder does not exist any more.
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

/**
 * Renames a file or a folder. On Windows, what another program is reading (a virus scanner, the app) can't be renamed or
 * replaced at that moment, so the rename is tried again for a few seconds.
 */
export async function renamePatiently(from: string, to: string): Promise<void> {
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

/**
 * Flushes the folder to the disk, so that the new name survives a power cut. Windows has no such call, and some file
 * systems refuse it.
 */
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
    // The file is in its place. Only a power cut could still undo the move, and that would bring the whole old file
    // back.
  }
}
