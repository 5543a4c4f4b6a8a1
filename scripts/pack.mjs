// Packs what apps install, into packed/, or into the folder that is named: `node scripts/pack.mjs FOLDER` packs what is
// built already. Until the packages are on the npm registry, each tarball brings the other packages of this repository
// that it depends on (bundleDependencies), so that it can be installed alone: docs/vendoring.md.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const folders = ['x509', 'core', 'azure-functions', 'http', 'certgate'];
const npm = process.env['npm_execpath'];
if (npm === undefined) throw new Error('Run it as `npm run pack`.');

const [named] = process.argv.slice(2);
if (named === undefined) run([join(root, 'scripts', 'build.mjs')], root, 'inherit');
const destination = resolve(root, named ?? 'packed');
mkdirSync(destination, { recursive: true });
const staging = mkdtempSync(join(tmpdir(), 'certgate-pack-'));
try {
  const packages = listPackages();
  for (const { name } of packages) stage(join(staging, name), name, packages);
  const staged = packages.map(({ name }) => join(staging, name));
  run([npm, 'pack', '--silent', '--pack-destination', destination, ...staged], root, 'inherit');
} finally {
  rmSync(staging, { recursive: true, force: true });
}

/** Each with the files that npm would publish of it. */
function listPackages() {
  const workspaces = folders.flatMap((folder) => ['-w', join('packages', folder)]);
  const listed = Object.values(JSON.parse(run([npm, 'pack', '--dry-run', '--json', ...workspaces], root)));
  return folders.map((folder) => {
    const manifest = JSON.parse(readFileSync(join(root, 'packages', folder, 'package.json'), 'utf8'));
    const files = listed.find(({ name }) => name === manifest.name).files.map(({ path }) => path);
    return { folder, name: manifest.name, manifest, files };
  });
}

function stage(target, name, packages) {
  const find = (wanted) => packages.find((each) => each.name === wanted);
  copyFiles(find(name), target);
  const bundled = listOwnDependencies(name, packages);
  for (const each of bundled) copyFiles(find(each), join(target, 'node_modules', each));
  if (bundled.length > 0) writeManifest({ ...find(name).manifest, bundleDependencies: bundled }, target);
}

function copyFiles({ folder, manifest, files }, target) {
  for (const file of files) cpSync(join(root, 'packages', folder, file), join(target, file));
  writeManifest(manifest, target);
}

/** The other packages' tests use files that are not published (`./test-support/*`): only the workspace exports them. */
function writeManifest(manifest, target) {
  const { './test-support/*': _, ...exports } = manifest.exports;
  writeFileSync(join(target, 'package.json'), `${JSON.stringify({ ...manifest, exports }, null, 2)}\n`);
}

/** Of this repository, direct or not; those of the registry stay with npm. */
function listOwnDependencies(name, packages) {
  const { dependencies = {} } = packages.find((each) => each.name === name).manifest;
  const own = Object.keys(dependencies).filter((each) => packages.some((other) => other.name === each));
  return [...new Set(own.flatMap((each) => [each, ...listOwnDependencies(each, packages)]))];
}

/** What it prints, unless that is for the terminal. */
function run(words, cwd, stdout = 'pipe') {
  const ended = spawnSync(process.execPath, words, { cwd, stdio: ['ignore', stdout, 'inherit'], encoding: 'utf8' });
  if (ended.status !== 0) process.exit(ended.status ?? 1);
  return ended.stdout;
}
