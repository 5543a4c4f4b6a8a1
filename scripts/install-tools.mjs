// Installs tools with a lockfile of their own, which the workspace's `npm ci` doesn't install.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Installs the packages of the folder's lockfile if they are missing, or older than the lockfile. @throws {Error} if it
 * can't.
 */
export function installTools(folder) {
  const installed = join(folder, 'node_modules', '.package-lock.json');
  const wanted = join(folder, 'package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(wanted).mtimeMs) return;
  const npm = process.env['npm_execpath'];
  if (npm === undefined) throw new Error(`Its tools are not installed. Run \`npm ci --prefix ${folder}\` once.`);
  const options = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status } = spawnSync(process.execPath, [npm, 'ci', ...options], { cwd: folder, stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new Error(`npm ci failed in ${folder}.`);
}
