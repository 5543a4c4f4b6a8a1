import { readFile, readdir } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hasCode } from '#local/tool-failure.js';

export interface PageFile {
  readonly contentType: string;
  readonly bytes: Buffer;
}

/** The page's files by request path. The path of a request is never looked up on the disk. */
export type PageFiles = ReadonlyMap<string, PageFile>;

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** The folder into which the build of packages/inspector writes the page. */
export const builtPageFolder: string = fileURLToPath(new URL('../../inspector-page/', import.meta.url));

/** Reads the files of the page once, if they are of a known content type. Empty if the page is not built. */
export async function readPageFiles(folder: string): Promise<PageFiles> {
  const files = new Map<string, PageFile>();
  for (const path of await listFiles(folder)) {
    const contentType = contentTypes[extname(path)];
    if (contentType === undefined) continue;
    const file = { contentType, bytes: await readFile(path) };
    const target = `/${relative(folder, path).split(sep).join('/')}`;
    files.set(target, file);
    if (target === '/index.html') files.set('/', file);
  }
  return files;
}

async function listFiles(folder: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  }
}
