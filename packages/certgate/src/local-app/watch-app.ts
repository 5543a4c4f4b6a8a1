import { dirname, join } from 'node:path';
import { watch } from 'chokidar';
import { findAppEntry } from '../functions-host/app-entry.js';

/** A compiler writes many files in a burst; the app is loaded again when it has ended. */
const settleMilliseconds = 300;

export interface AppWatch {
  close(): Promise<void>;
}

/** Calls back when the app's built files or its settings change: the folders of its entry files, and its JSON files. */
export async function watchApp(folder: string, onChange: () => void): Promise<AppWatch> {
  const { entryFiles } = await findAppEntry(folder);
  const settings = ['host.json', 'local.settings.json', 'package.json'].map((name) => join(folder, name));
  const watcher = watch([...new Set(entryFiles.map((file) => dirname(file))), ...settings], { ignoreInitial: true });
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
