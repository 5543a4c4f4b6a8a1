// This file is separate from the worker's, so that only the tool loads the search for entry files, and not every host
// process.

import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import fastGlob from 'fast-glob';
import { ToolFailure, hasCode } from '../tool-failure.js';
import { findJsonObject } from '../json-file.js';

interface AppEntry {
  /** Absolute paths in the order in which the files are loaded. */
  readonly entryFiles: readonly string[];
  readonly packageType: 'module' | 'commonjs';
}

/** Finds the files that `main` of the app's package.json names as a path or a glob, braces included. */
export async function findAppEntry(folder: string): Promise<AppEntry> {
  await requireFolder(folder);
  const path = join(folder, 'package.json');
  const manifest = await findJsonObject(path);
  if (manifest === undefined) {
    throw new ToolFailure(`There is no package.json in ${folder}, so it holds no Node.js function app.`, {
      remedy: 'Name the folder that holds host.json and package.json.',
    });
  }
  const main = manifest['main'];
  if (typeof main !== 'string' || main === '') {
    throw new ToolFailure(`${path} has no "main", so no file of the app would be loaded.`, {
      remedy: 'Set "main" to the built entry files, for example "dist/src/{index.js,functions/*.js}".',
    });
  }
  const files = await findMatches(main, folder);
  if (files.length === 0) {
    const what = fastGlob.isDynamicPattern(main) ? 'matches no file' : 'does not exist';
    throw new ToolFailure(`"main" in ${path} is "${main}", which ${what}.`, {
      remedy: 'Build the app first (usually `npm run build`), or correct "main".',
    });
  }
  if ((await findJsonObject(join(folder, 'host.json'))) === undefined) {
    throw new ToolFailure(`There is no host.json in ${folder}, so it is probably not the folder of a function app.`, {
      remedy: 'Create it with {"version": "2.0"}, or name the folder that has it.',
    });
  }
  return {
    entryFiles: files,
    packageType: manifest['type'] === 'module' ? 'module' : 'commonjs',
  };
}

/**
 * The files in the order of the worker, which uses the same glob library. Names without a wildcard come first, so that
 * `index.js` of `{index.js,functions/*.js}` is loaded before the functions. Then come the matches of patterns, sorted
 * so that the order is the same on every machine.
 */
async function findMatches(pattern: string, folder: string): Promise<readonly string[]> {
  const files = new Set<string>();
  for (const task of fastGlob.generateTasks(pattern)) {
    const matches = await fastGlob(task.patterns, { cwd: folder, absolute: true });
    const ordered = task.dynamic ? matches.sort() : matches;
    for (const file of ordered) files.add(resolve(file));
  }
  return [...files];
}

async function requireFolder(folder: string): Promise<void> {
  const found = await stat(folder).catch((error: unknown) => {
    if (!hasCode(error, 'ENOENT', 'ENOTDIR')) throw error;
  });
  if (found?.isDirectory() === true) return;
  throw new ToolFailure(
    found === undefined ? `The app folder ${folder} does not exist.` : `${folder} is a file, not an app folder.`,
    { remedy: 'Name the folder that holds host.json and package.json.' },
  );
}
