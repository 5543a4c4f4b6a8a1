import { once } from 'node:events';
import { realpathSync, type Stats } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { watch } from 'chokidar';
import { findAppEntry } from '#local/functions-host/app-entry.js';

/**
 * How long to wait for further changes, in milliseconds. A compiler writes many files in a burst, and the app is loaded
 * again after it.
 */
const settleMilliseconds = 300;

export interface AppWatch {
  /** Watches this trust document from now on, and no longer the one before. Undefined if the app reads no file. */
  followTrust(file: string | undefined): void;
  close(): Promise<void>;
}

/** What changed: the app's built files or settings, or only its trust document. */
export type WatchedChange = 'app' | 'trust';

/**
 * Calls `onChange` whenever the app's built files or its settings change, or its trust document: files in and below the
 * folders of its entry files, and the JSON settings files of the app's folder.
 */
export async function watchApp(appFolder: string, onChange: (change: WatchedChange) => void): Promise<AppWatch> {
  // An app may be reached by a link, as below /tmp on macOS. The app itself sees its folder without links.
  const folder = await realpath(appFolder);
  const { entryFiles } = await findAppEntry(folder);
  const roots = [...new Set(entryFiles.map((file) => relative(folder, dirname(file))))];
  let trustFile: string | undefined;
  const followed = new Set<string>();
  const isFollowed = (path: string): boolean => [...followed].some((file) => path === file || path === dirname(file));
  // Watches the app's folder and not the files themselves. A missing file would end the first scan too early.
  const watcher = watch(folder, {
    ignoreInitial: true,
    ignored: (path, stats) => !isFollowed(resolve(path)) && !isPartOfApp(relative(folder, path), stats, roots),
  });
  // A change during the first scan would not be noticed.
  await once(watcher, 'ready');
  // The lock, the log and the temporary files of a change have the name of the document with a suffix.
  const isBesideTrust = (path: string): boolean => trustFile !== undefined && path.startsWith(`${trustFile}.`);
  let timer: NodeJS.Timeout | undefined;
  let change: WatchedChange = 'trust';
  watcher.on('all', (_event, path) => {
    if (resolve(path) !== trustFile) {
      if (isFollowed(resolve(path)) || isBesideTrust(resolve(path))) return;
      change = 'app';
    }
    clearTimeout(timer);
    timer = setTimeout(() => {
      const settled = change;
      change = 'trust';
      onChange(settled);
    }, settleMilliseconds);
  });
  return {
    followTrust: (given) => {
      const file = given && withoutLinks(given);
      trustFile = file;
      if (file === undefined || followed.has(file)) return;
      followed.add(file);
      // The folder too, because a file that is deleted and made anew is noticed only there.
      watcher.add([dirname(file), file]);
    },
    close: async () => {
      clearTimeout(timer);
      await watcher.close();
    },
  };
}

/** The file's folder without links. The file itself may be a link, which a change replaces. */
function withoutLinks(file: string): string {
  try {
    return join(realpathSync(dirname(file)), basename(file));
  } catch {
    // The folder does not exist yet.
    return resolve(file);
  }
}

const settingsFile = /^(?:host|local\.settings|package)\.json$/;

/**
 * Whether the watcher must watch the path. It ignores other packages, paths with a part that starts with a dot (such as
 * `.certgate`, which loading the app writes), and the app's data.
 */
function isPartOfApp(path: string, stats: Stats | undefined, roots: readonly string[]): boolean {
  if (path === '' || settingsFile.test(path)) return true;
  if (path.split(sep).some((name) => name === 'node_modules' || name.startsWith('.'))) return false;
  const isBelow = roots.some((root) => root === '' || path === root || path.startsWith(root + sep));
  const leadsThere = roots.some((root) => root.startsWith(path + sep));
  return isBelow ? stats?.isFile() !== true || /\.(?:[cm]?js|json)$/.test(path) : leadsThere;
}
