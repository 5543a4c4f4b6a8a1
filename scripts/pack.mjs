// Packs what apps install until the packages are on the npm registry, into packed/, or into the folder that is named:
// `node scripts/pack.mjs FOLDER` packs what is already built, as does `npm run check`. Each tarball can be installed
// without the others: docs/app-shapes.md.
import { spawnSync } from 'node:child_process';
import { basename, join, resolve } from 'node:path';
import { packPackages, root } from './release/packages.mjs';

const [named] = process.argv.slice(2);
if (named === undefined && process.env['CERTGATE_TESTS_ARE_BUILT'] !== '1') {
  const { status } = spawnSync(process.execPath, [join(root, 'scripts', 'build.mjs')], { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
const packed = packPackages(resolve(root, named ?? 'packed'), { bundled: true });
for (const { file } of packed) console.log(basename(file));
