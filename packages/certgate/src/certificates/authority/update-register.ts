import { readFile } from 'node:fs/promises';
import { formatToolCall } from '../../texts/tool-call.js';
import { ToolFailure } from '#local/tool-failure.js';
import { withLockFolder } from '../../files/lock-folder.js';
import { moveIntoPlace, prepareDurably } from '../../files/replace-file.js';
import type { AuthorityFiles } from './authority-files.js';
import { formatRegister, parseRegister, type AuthorityRegister } from './authority-register.js';

export interface RegisterChange<T> {
  readonly register: AuthorityRegister;
  /** Files that depend on the new register. They are moved into place after it. */
  readonly files?: readonly { readonly path: string; readonly content: string | Uint8Array }[];
  readonly answer: T;
}

export async function readRegister(files: AuthorityFiles): Promise<AuthorityRegister> {
  let text: string;
  try {
    text = await readFile(files.register, 'utf8');
  } catch (cause) {
    throw new ToolFailure(`The register ${files.register} can't be read: ${(cause as Error).message}`, { cause });
  }
  return parseRegister(text, files.register);
}

/**
 * Changes the register under the authority's lock, so that of many processes that issue and revoke at once, each works
 * on what the others wrote. The register is moved into place first. If the process is killed after that, the revocation
 * is recorded and the list's number is used up, and the next list takes both into account. In the other order, two
 * lists could get the same number.
 */
export async function updateRegister<T>(
  files: AuthorityFiles,
  change: (register: AuthorityRegister) => RegisterChange<T>,
): Promise<T> {
  return withLockFolder(files.lock, async (lock) => {
    const { register, files: others = [], answer } = change(await readRegister(files));
    const prepared = [{ path: files.register, content: formatRegister(register) }, ...others].map((file, index) => ({
      ...file,
      from: lock.resolve(`file-${index}`),
    }));
    for (const { from, content } of prepared) {
      if (!(await prepareDurably(from, Buffer.from(content)))) throw lostLock(files);
    }
    for (const { from, path } of prepared) {
      if (!(await moveIntoPlace(from, path, 0o600))) throw lostLock(files);
    }
    return answer;
  }).catch((fault: unknown) => {
    throw fault instanceof ToolFailure ? fault : explainWriteFault(files, fault);
  });
}

function lostLock(files: AuthorityFiles): ToolFailure {
  return new ToolFailure(`This process was suspended, and another one took over the lock of ${files.folder}.`, {
    remedy: `Run the command again. To see the register: ${formatToolCall(['authority', 'show', 'AUTHORITY'])}`,
    kind: 'conflict',
  });
}

function explainWriteFault(files: AuthorityFiles, cause: unknown): ToolFailure {
  return new ToolFailure(`${files.folder} can't be written to: ${(cause as Error).message}`, {
    remedy: `To see the register: ${formatToolCall(['authority', 'show', 'AUTHORITY'])}`,
    cause,
  });
}
