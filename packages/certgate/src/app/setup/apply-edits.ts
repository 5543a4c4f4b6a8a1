import { randomBytes } from 'node:crypto';
import { lstat, mkdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ToolFailure, hasCode, messageOf } from '#local/tool-failure.js';
import { renamePatiently } from '../../files/replace-file.js';
import { encodeText, type FileEdit } from './app-files.js';

interface StagedEdit {
  readonly edit: FileEdit;
  /** The file's real path. A link at the edited path stays a link. */
  readonly target: string;
  readonly temporary: string;
  /** The bytes to restore if a later file can't be written. Undefined if there was no file. */
  readonly original: Buffer | undefined;
}

/**
 * Makes all edits or none. First writes every new text to a temporary file in the same folder. Then renames each to its
 * place. If a rename fails, the earlier ones are undone as far as possible.
 *
 * @throws {ToolFailure} if a file has changed since the plan was made, or can't be written.
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
  await renamePatiently(temporary, target);
  undo.push(() => (original === undefined ? rm(target, { force: true }) : writeFile(target, original)));
}

/** Undoes the steps from last to first. If a step fails, goes on with the others, and returns the failures. */
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

/** Whether the path exists. A link that leads nowhere exists too; `realpath` then reports what is wrong with it. */
async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false;
    throw error;
  }
}
