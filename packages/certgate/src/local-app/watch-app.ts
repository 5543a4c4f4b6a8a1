import { once } from 'node:events';
import type { Stats } from 'node:fs';
import { dirname, relative, resolve, sep } from 'node:path';
import { watch } from 'chokidar';
import { findAppEntry } from '#local/functions-host/app-entry.js';

/** A compiler writes many files in a burst; the app is loaded again when it has ended. */
const settleMilliseconds = 300;

export interface AppWatch {
  close(): Promise<void>;
}

/**
 * Calls back from now on when the app's built files or its settings change: what stands beside its entry files and below,
 * and the JSON files of its folder.
 */
export async function watchApp(appFolder: string, onChange: () => void): Promise<AppWatch> {
  const folder = resolve(appFolder);
  const { entryFiles } = await findAppEntry(folder);
  const roots = [...new Set(entryFiles.map((file) => relative(folder, dirname(file))))];
  // One path, and not the files themselves: one that is missing makes the first scan end too early.
  const watcher = watch(folder, {
    ignoreInitial: true,
    ignored: (path, stats) => !isPartOfApp(relative(folder, path), stats, roots),
  });
  // Until the first scan has ended, a change would be taken for how things were.
  await once(watcher, 'ready');
  let timer: NodeJS.Timeout | undefined;
  watcher.on('all', () => {
    clearTimeout(timer);
    timer = setTimeout(onChange, settleMilliseconds);
  });
  return {
    close: async () => {
      clearTimeout(timer);
      await watcher.close();
    },
  };
}

const settingsFile = /^(?:host|local\.settings|package)\.json$/;

/** Other packages aren't, nor what starts with a dot (`.certgate` among it, which loading writes), nor an app's data. */
function isPartOfApp(path: string, stats: Stats | undefined, roots: readonly string[]): boolean {
  if (path === '' || settingsFile.test(path)) return true;
  if (path.split(sep).some((name) => name === 'node_modules' || name.startsWith('.'))) return false;
  const isBelow = roots.some((root) => root === '' || path === root || path.startsWith(root + sep));
  const leadsThere = roots.some((root) => root.startsWith(path + sep));
  return isBelow ? stats?.isFile() !== true || /\.(?:[cm]?js|json)$/.test(path) : leadsThere;
}
