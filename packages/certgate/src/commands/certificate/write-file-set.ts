import { randomBytes } from 'node:crypto';
import { copyFile, lstat, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ToolFailure } from '#local/tool-failure.js';
import { renamePatiently } from '../../files/replace-file.js';

export interface FileToWrite {
  readonly path: string;
  readonly content: string | Uint8Array;
  /**
   * Whether the file contains a private key, so that only its owner may read it. Windows has no such mode; there the
   * folder's permissions decide.
   */
  readonly isSecret: boolean;
}

/**
 * Writes the files as one set. If one can't be written, those that did not exist before are removed again, and replaced
 * ones are restored. Without `overwrite`, the whole set is refused before anything is written if one file exists. Each
 * file is written under a temporary name in its folder, and then moved into place as a whole.
 */
export async function writeFileSet(files: readonly FileToWrite[], overwrite: boolean): Promise<void> {
  const paths = files.map(({ path }) => path);
  if (!overwrite) await refusePresentFiles(paths);
  const present = await listPresent(paths);
  const moves = files.map((file) => ({ ...file, from: nameTemporary(file.path), copy: nameTemporary(file.path) }));
  const moved: typeof moves = [];
  try {
    for (const { path, from, copy, content, isSecret } of moves) {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(from, content, { flag: 'wx', mode: isSecret ? 0o600 : 0o644 });
      if (present.has(path)) await copyFile(path, copy);
    }
    for (const move of moves) {
      await renamePatiently(move.from, move.path);
      moved.push(move);
    }
  } catch (cause) {
    await Promise.all(moved.map(({ path, copy }) => (present.has(path) ? renamePatiently(copy, path) : rm(path))));
    throw new ToolFailure(`The files can't be written: ${(cause as Error).message}`, { cause });
  } finally {
    await Promise.all(moves.flatMap(({ from, copy }) => [rm(from, { force: true }), rm(copy, { force: true })]));
  }
}

/** A temporary name in the file's folder, so that a move never leaves the file system. */
function nameTemporary(path: string): string {
  return join(dirname(path), `.${randomBytes(8).toString('hex')}.tmp`);
}

export async function refusePresentFiles(paths: readonly string[]): Promise<void> {
  const present = await listPresent(paths);
  if (present.size === 0) return;
  throw new ToolFailure(`These files already exist: ${[...present].join(', ')}. Nothing was written.`, {
    remedy: 'Choose another name or folder, or replace all of them with --force.',
  });
}

async function listPresent(paths: readonly string[]): Promise<ReadonlySet<string>> {
  const checks = await Promise.all(paths.map(async (path) => ((await isPresent(path)) ? [path] : [])));
  return new Set(checks.flat());
}

/** Whether the path exists. A link that leads nowhere exists too: writing through it would create a file elsewhere. */
export async function isPresent(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (fault) {
    const { code } = fault as NodeJS.ErrnoException;
    if (code === 'ENOENT') return false;
    throw new ToolFailure(`${path} can't be looked at: ${(fault as Error).message}`, { cause: fault });
  }
}
