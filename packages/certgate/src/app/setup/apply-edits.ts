import { randomBytes } from 'node:crypto';
import { lstat, mkdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ToolFailure, hasCode, messageOf } from '#local/tool-failure.js';
import { encodeText, type FileEdit } from './app-files.js';

interface StagedEdit {
  readonly edit: FileEdit;
  /** Where the file really is: a link stays a link. */
  readonly target: string;
  readonly temporary: string;
  /** The bytes to put back when a later file can't be written. */
  readonly original: Buffer | undefined;
}

/**
 * Makes all edits or none. Every file is written beside its place first, and only when all are there are they moved
 * over the originals, one rename each; when one of the renames fails, those that were made are undone.
 *
 * @throws {ToolFailure} when a file has changed since the plan was made, or can't be written.
 */
export async function applyEdits(folder: string, edits: readonly FileEdit[]): Promise<void> {
  const undo: (() => Promise<unknown>)[] = [];
  try {
    const staged: StagedEdit[] = [];
    for (const edit of edits) staged.push(await stageEdit(folder, edit, undo));
    for (const each of staged) await moveIntoPlace(each, undo);
  } catch (cause) {
    const faults = await undoAll(undo);
    if (cause instanceof ToolFailure && faults.length === 0) throw cause;
    const left =
      faults.length === 0 ? 'Nothing was changed.' : `Not everything could be put back: ${faults.join('; ')}.`;
    const reason = messageOf(cause);
    throw new ToolFailure(`The changes can't be written: ${reason}. ${left}`, { cause });
  }
}

async function stageEdit(folder: string, edit: FileEdit, undo: (() => Promise<unknown>)[]): Promise<StagedEdit> {
  const path = join(folder, edit.path);
  const isPresent = await exists(path);
  const target = isPresent ? await realpath(path) : path;
  const original = isPresent ? await readFile(target) : undefined;
  const expected = edit.before === undefined ? undefined : encodeText(edit.before, edit);
  if (original?.toString('utf8') !== expected) {
    throw new ToolFailure(`${edit.path} was changed in the meantime. Nothing was changed by certgate.`, {
      remedy: 'Run certgate init again.',
    });
  }
  const created = await mkdir(dirname(target), { recursive: true });
  if (created !== undefined) undo.push(() => rm(created, { recursive: true, force: true }));
  const temporary = join(dirname(target), `.${randomBytes(8).toString('hex')}.tmp`);
  undo.push(() => rm(temporary, { force: true }));
  const mode = isPresent ? (await stat(target)).mode & 0o777 : 0o644;
  await writeFile(temporary, encodeText(edit.after, edit), { flag: 'wx', mode });
  return { edit, target, temporary, original };
}

async function moveIntoPlace(
  { target, temporary, original }: StagedEdit,
  undo: (() => Promise<unknown>)[],
): Promise<void> {
  await rename(temporary, target);
  undo.push(() => (original === undefined ? rm(target, { force: true }) : writeFile(target, original)));
}

/** Last first. What can't be undone is named, and the rest is undone anyway. */
async function undoAll(undo: readonly (() => Promise<unknown>)[]): Promise<readonly string[]> {
  const faults: string[] = [];
  for (const step of [...undo].reverse()) {
    try {
      await step();
    } catch (fault) {
      faults.push(messageOf(fault));
    }
  }
  return faults;
}

/** A link that leads nowhere counts too; `realpath` then says what is wrong with it. */
async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false;
    throw error;
  }
}
