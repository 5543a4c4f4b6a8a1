import { randomBytes } from 'node:crypto';
import { lstat, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ToolFailure } from '#local/tool-failure.js';

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
 * Writes the files as one set. If one can't be written, those that did not exist before are removed again. Without
 * `overwrite`, the whole set is refused before anything is written if one file exists. Each file is written under a
 * temporary name in its folder, and then moved into place as a whole.
 */
export async function writeFileSet(files: readonly FileToWrite[], overwrite: boolean): Promise<void> {
  const paths = files.map(({ path }) => path);
  if (!overwrite) await refusePresentFiles(paths);
  const present = await listPresent(paths);
  const created: string[] = [];
  try {
    const moves: { readonly from: string; readonly to: string }[] = [];
    for (const { path, content, isSecret } of files) {
      const temporary = join(dirname(path), `.${randomBytes(8).toString('hex')}.tmp`);
      await mkdir(dirname(path), { recursive: true });
      created.push(temporary);
      await writeFile(temporary, content, { flag: 'wx', mode: isSecret ? 0o600 : 0o644 });
      moves.push({ from: temporary, to: path });
    }
    for (const { from, to } of moves) {
      await rename(from, to);
      if (!present.has(to)) created.push(to);
    }
  } catch (cause) {
    await Promise.all(created.map((path) => rm(path, { force: true })));
    throw new ToolFailure(`The files can't be written: ${(cause as Error).message}`, { cause });
  }
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
