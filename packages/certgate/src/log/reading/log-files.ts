import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ToolFailure } from '#local/tool-failure.js';
import type { LogFile } from './log-bytes.js';

/** A file to read. `app` is the app that its lines belong to if they don't name one. */
export interface NamedFile {
  readonly file: LogFile;
  readonly app: string;
}

/** The given files, and the files in the given folders and below whose names don't begin with a dot. */
export async function listLogFiles(given: readonly LogFile[]): Promise<readonly NamedFile[]> {
  const files = (await Promise.all(given.map(listFiles))).flat();
  return nameApps([...new Set(files)]);
}

async function listFiles(path: LogFile): Promise<readonly LogFile[]> {
  const stats = path === '-' ? undefined : await stat(path).catch(() => undefined);
  if (stats?.isDirectory() !== true) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => !entry.isDirectory() && !entry.name.startsWith('.'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  if (paths.length > 0) return paths;
  throw new ToolFailure(`The folder ${path} has no files.`, { remedy: 'Name a folder with logs, or the files.' });
}

/**
 * Names the app of each file after the file. If files in different folders give the same name, they belong to different
 * apps, and the folder becomes part of the app's name.
 */
function nameApps(files: readonly LogFile[]): readonly NamedFile[] {
  const folders = new Map<string, Set<string>>();
  for (const file of files) {
    const of = folders.get(nameApp(file)) ?? new Set();
    folders.set(nameApp(file), of.add(dirname(file)));
  }
  return files.map((file) => {
    const app = nameApp(file);
    return { file, app: (folders.get(app)?.size ?? 0) > 1 ? join(dirname(file), app) : app };
  });
}

/** The name of the app that a file belongs to: `orders` for `orders.log`, `orders.log.1` and `orders.log.2.gz`. */
function nameApp(file: LogFile): string {
  if (file === '-') return 'standard input';
  const name = basename(file)
    .replace(/\.gz$/i, '')
    .replace(/(?<=\.\w+)\.\d+$/, '');
  return name.replace(/(?<=.)\.[^.]*$/, '');
}
