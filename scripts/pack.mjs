// Packs the packages as they would be published, into packed/: what other apps install.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const npm = process.env['npm_execpath'];
if (npm === undefined) throw new Error('Run it as `npm run pack`.');
const run = (args) => {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
};
run([fileURLToPath(new URL('build.mjs', import.meta.url))]);
mkdirSync(`${root}packed`, { recursive: true });
run([
  npm,
  'pack',
  '--pack-destination',
  'packed',
  '-w',
  'packages/x509',
  '-w',
  'packages/core',
  '-w',
  'packages/azure-functions',
  '-w',
  'packages/certgate',
]);
