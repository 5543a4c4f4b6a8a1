import { existsSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import colors from 'picocolors';
import { printNotice } from '../command-line/output.js';
import { developmentFolderName } from '../../local-app/development-files.js';

/**
 * Warns about a private key that was written into a function app: a deployment takes every file of the app's folder
 * that .funcignore doesn't name, and `git add .` every file that .gitignore doesn't. `certgate init` makes both leave
 * out `.certgate/`.
 *
 * @param keyFiles The files with a private key, as they were written.
 * @param remedy The option that puts such files into `.certgate/`.
 */
export function warnOfKeysInApp(keyFiles: readonly string[], remedy: string): void {
  for (const file of keyFiles) {
    const app = findAppFolder(dirname(resolve(file)));
    if (app === undefined || relative(app, resolve(file)).split(sep).includes(developmentFolderName)) continue;
    printNotice(
      `${colors.yellow('warning')} ${file} holds a private key and is in the function app ${app}: it may be committed or deployed with the app.`,
    );
    printNotice(
      `        Move it out of the app, or next time write it to ${developmentFolderName}/ by ${remedy}. certgate init makes git and deployments leave out *.pfx, *.p12, *.key and *.key.pem.`,
    );
  }
}

/** The nearest folder with a host.json: this one or one above it. The search ends at a repository's root. */
function findAppFolder(folder: string): string | undefined {
  if (existsSync(join(folder, 'host.json'))) return folder;
  const parent = dirname(folder);
  return parent === folder || existsSync(join(folder, '.git')) ? undefined : findAppFolder(parent);
}
