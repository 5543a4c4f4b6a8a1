import { createHash, randomBytes } from 'node:crypto';
import { constants, existsSync } from 'node:fs';
import { access, lstat, open, readFile, realpath, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { ToolFailure, hasCode, messageOf } from '#local/tool-failure.js';
import { withLockFolder } from '../../../files/lock-folder.js';
import { moveIntoPlace, prepareDurably, writeDurably } from '../../../files/replace-file.js';
import {
  maximumDocumentBytes,
  maximumLogBytes,
  nameAside,
  type NewDocument,
  splitLogLines,
  type StoredDocument,
  type TrustLocation,
  type WriteOutcome,
} from './trust-location.js';

/**
 * A trust document in a file, its signature in `<path>.sig`, its log in `<path>.log.jsonl`.
 *
 * A write compares the content under a lock and moves the new file over the old one. The new file is prepared inside
 * the lock's folder: if a writer sleeps until others break its lock, its prepared file is gone, and it does not replace
 * the document.
 */
export function createFileLocation(path: string): TrustLocation {
  return {
    description: `file:${path}`,
    findSchema: () => findInstalledSchema(dirname(resolve(path))),
    read: () => explained(path, () => readStored(path)),
    write: (content, etag) => explained(path, () => writeStored(path, content, etag)),
    keepAside: (stored) => explained(path, () => keepAside(path, stored)),
    appendLog: (line) => appendLine(path, line),
    readLog: () => readLines(path),
  };
}

/**
 * The path to the schema of an adapter that is installed in the folder or above it, where Node.js looks for packages.
 * The path is relative and begins with a dot, because editors need one. Undefined if no adapter is installed.
 */
function findInstalledSchema(folder: string, ascent = '.'): string | undefined {
  const schemas = ['azure-functions', 'http'].map((name) => `node_modules/@certgate/${name}/trust.schema.json`);
  const installed = schemas.find((schema) => existsSync(join(folder, schema)));
  if (installed !== undefined) return `${ascent}/${installed}`;
  const above = dirname(folder);
  return above === folder ? undefined : findInstalledSchema(above, ascent === '.' ? '..' : `${ascent}/..`);
}

async function explained<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (fault) {
    throw explainFileFault(fault, path);
  }
}

async function readStored(path: string): Promise<StoredDocument | undefined> {
  return readVersion(await followLink(path));
}

async function readVersion(target: string): Promise<StoredDocument | undefined> {
  const file = await readBounded(target, maximumDocumentBytes);
  if (file === undefined) return undefined;
  const { bytes, otherNames } = file;
  const signature = (await readBounded(`${target}.sig`, 4096))?.bytes.toString('latin1').trim();
  return { bytes, etag: computeEtag(bytes, signature), signature, ...(otherNames > 0 && { otherNames }) };
}

/**
 * The signature belongs to the version, so that a write over a document that was signed meanwhile is a conflict too.
 */
function computeEtag(bytes: Uint8Array, signature: string | undefined): string {
  return createHash('sha256')
    .update(bytes)
    .update(`\0${signature ?? ''}`)
    .digest('hex');
}

async function writeStored(path: string, content: NewDocument, etag: string | undefined): Promise<WriteOutcome> {
  const target = await followLink(path);
  return withLockFolder(`${target}.lock`, async (lock) => {
    const current = await readVersion(target);
    if (current?.etag !== etag) return 'conflict';
    // A file that its owner made read-only stays as it is, although a person who may write to the folder could replace
    // it.
    if (current !== undefined) await access(target, constants.W_OK);
    return replace(target, content, (name) => lock.resolve(name));
  });
}

/**
 * Moves a new signature first, because the document's move must be the one step that makes the change. The signature
 * file keeps a signature of the replaced document in its second line. If the writer is killed between the two moves, the
 * old document stays in force with a signature that fits. The second line stays afterwards too: for readers that read
 * the old document just before the move, and for people who copy the two files one after the other. Without a new
 * signature, the old signature file is removed last.
 */
async function replace(
  target: string,
  { bytes, signature, previousSignature }: NewDocument,
  prepare: (name: string) => string,
): Promise<WriteOutcome> {
  const document = prepare('document');
  if (!(await prepareDurably(document, bytes))) return 'conflict';
  if (signature !== undefined) {
    const prepared = prepare('signature');
    const lines = new Set([signature, ...(previousSignature === undefined ? [] : [previousSignature])]);
    if (!(await prepareDurably(prepared, Buffer.from(`${[...lines].join('\n')}\n`)))) return 'conflict';
    if (!(await moveIntoPlace(prepared, `${target}.sig`))) return 'conflict';
  }
  if (!(await moveIntoPlace(document, target))) return 'conflict';
  if (signature === undefined) await rm(`${target}.sig`, { force: true });
  return 'written';
}

/**
 * The path with links followed, so that a write replaces the file and not the link. The file need not exist, unless
 * `path` is a link.
 */
async function followLink(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (fault) {
    if (!hasCode(fault, 'ENOENT')) throw fault;
  }
  if (await isThere(path)) throw new ToolFailure(`${path} is a link to a file that does not exist.`);
  // The folder may be reached by a link, but the file's own name is not a link.
  try {
    return join(await realpath(dirname(resolve(path))), basename(path));
  } catch (fault) {
    if (!hasCode(fault, 'ENOENT')) throw fault;
    throw new ToolFailure(`The folder of ${path} does not exist.`, { cause: fault });
  }
}

async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

async function readBounded(
  path: string,
  maximumBytes: number,
): Promise<{ readonly bytes: Buffer; readonly otherNames: number } | undefined> {
  let file;
  try {
    file = await open(path, 'r');
  } catch (fault) {
    if (hasCode(fault, 'ENOENT')) return undefined;
    throw fault;
  }
  try {
    const facts = await file.stat();
    if (!facts.isFile()) throw new ToolFailure(`${path} is not a file.`);
    if (facts.size > maximumBytes) throw new ToolFailure(`${path} is larger than ${maximumBytes} bytes.`);
    return { bytes: await file.readFile(), otherNames: facts.nlink - 1 };
  } finally {
    await file.close();
  }
}

async function keepAside(path: string, stored: StoredDocument): Promise<string> {
  const suffix = nameAside(stored);
  const target = `${await followLink(path)}${suffix}`;
  await keepFile(target, stored.bytes);
  if (stored.signature !== undefined) await keepFile(`${target}.sig`, Buffer.from(`${stored.signature}\n`));
  return `file:${path}${suffix}`;
}

/**
 * Writes a file whose name says which bytes it must have. An earlier attempt may have left it complete or incomplete.
 */
async function keepFile(path: string, bytes: Uint8Array): Promise<void> {
  if ((await readBounded(path, maximumDocumentBytes))?.bytes.equals(bytes) === true) return;
  const prepared = `${path}.${randomBytes(4).toString('hex')}`;
  await writeDurably(prepared, bytes);
  await moveIntoPlace(prepared, path, 0o600);
}

async function appendLine(path: string, line: string): Promise<void> {
  const log = await findLogPath(path);
  try {
    const file = await open(log, 'a+');
    try {
      // If a crash cut the last line short, it must not swallow the next one.
      const { size } = await file.stat();
      const last = Buffer.alloc(1);
      if (size > 0) await file.read(last, 0, 1, size - 1);
      const separator = size > 0 && last[0] !== 0x0a ? '\n' : '';
      // One write, because other processes append at the same time. `appendFile` makes one for every 512 KiB.
      const bytes = Buffer.from(`${separator}${line}\n`);
      const { bytesWritten } = await file.write(bytes);
      if (bytesWritten < bytes.length) throw new Error('the line was written only in part');
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (fault) {
    throw new ToolFailure(`The change can't be written to the log ${log}, so it was not made: ${messageOf(fault)}`, {
      cause: fault,
    });
  }
}

async function readLines(path: string): Promise<readonly string[]> {
  const log = await findLogPath(path);
  try {
    const bytes = await readFile(log);
    if (bytes.length > maximumLogBytes) throw new ToolFailure(`${log} is larger than ${maximumLogBytes} bytes.`);
    return splitLogLines(bytes);
  } catch (fault) {
    if (hasCode(fault, 'ENOENT')) return [];
    throw explainFileFault(fault, log);
  }
}

function findLogPath(path: string): Promise<string> {
  return explained(path, async () => `${await followLink(path)}.log.jsonl`);
}

function explainFileFault(fault: unknown, path: string): ToolFailure {
  if (fault instanceof ToolFailure) return fault;
  if (hasCode(fault, 'EACCES', 'EPERM', 'EROFS')) {
    return new ToolFailure(`This user may not read or change ${path}: ${messageOf(fault)}`, { cause: fault });
  }
  if (hasCode(fault, 'EBUSY') && process.platform !== 'win32') {
    return new ToolFailure(
      `${findReplaced(fault, path)} can't be replaced, because the file itself is mounted, as a container mounts a single file. The document is as it was.`,
      {
        remedy:
          'Mount its folder instead of the file. To change it now, run this where it is not mounted: a container that mounts the file reads the old document until it is started again.',
        cause: fault,
      },
    );
  }
  if (hasCode(fault, 'EISDIR')) return new ToolFailure(`${path} is a folder, not a file.`, { cause: fault });
  return new ToolFailure(`${path} can't be used: ${messageOf(fault)}`, { cause: fault });
}

/** The path that a move could not replace: that of the document or of its signature. */
function findReplaced(fault: unknown, path: string): string {
  const { dest = '' } = fault as { readonly dest?: string };
  return dest.endsWith('.sig') ? `${path}.sig` : path;
}
