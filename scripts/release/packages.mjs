// The packages that people install, and their tarballs. The tarball's origin comes from release.json: the manifests in
// this repository are private, so that only a checked tarball can be published.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** The folders in the order of publishing: each package after those that it depends on. */
export const folders = ['x509', 'core', 'azure-functions', 'http', 'certgate'];

export function readManifest(folder, of = root) {
  return JSON.parse(readFileSync(join(of, 'packages', folder, 'package.json'), 'utf8'));
}

/**
 * The names, the owner and the address of a release, which are kept in one place. @throws {Error} if a key is missing
 * or unknown.
 */
export function readRelease(of = root) {
  const release = JSON.parse(readFileSync(join(of, 'release.json'), 'utf8'));
  const [keys, wanted] = [
    Object.keys(release).sort().join(),
    'owner,repository,scope,securityAnswerDays,securityContact,tool',
  ];
  if (keys !== wanted) throw new Error(`release.json has the keys ${keys} instead of ${wanted}.`);
  return release;
}

export function findNpm() {
  const npm = process.env['npm_execpath'];
  if (npm === undefined) throw new Error('Run it by npm: `npm run pack`, or `npm run release -- --dry-run`.');
  return npm;
}

/**
 * The folder where a package is installed, for the workspace or only for the checks. `require.resolve` can't be used,
 * because some packages don't export their package.json.
 */
export function findInstalled(name) {
  const folders = ['', 'scripts/release'].map((folder) => join(root, folder, 'node_modules', name));
  const found = folders.find((folder) => existsSync(folder));
  if (found === undefined) throw new Error(`${name} is not installed: run npm ci, and npm ci in scripts/release.`);
  return found;
}

/**
 * Packs what is built. @returns `{ folder, name, version, file }` of each package. With `bundled`, each tarball
 * contains the other packages of this repository that it depends on (bundleDependencies), so that it can be installed
 * without them: docs/app-shapes.md.
 */
export function packPackages(destination, { bundled }) {
  const npm = findNpm();
  mkdirSync(destination, { recursive: true });
  const staging = mkdtempSync(join(tmpdir(), 'certgate-pack-'));
  try {
    const packages = listPackages(npm);
    for (const { name } of packages) stage(join(staging, name), name, packages, bundled);
    const staged = packages.map(({ name }) => join(staging, name));
    const packed = Object.values(runNpm([npm, 'pack', '--json', '--pack-destination', destination, ...staged]));
    return packages.map(({ folder, name, manifest: { version } }) => {
      const { filename } = packed.find((each) => each.name === name);
      return { folder, name, version, file: join(destination, filename) };
    });
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/** The packages, each with the files of it that npm would publish. */
function listPackages(npm) {
  const workspaces = folders.flatMap((folder) => ['-w', join('packages', folder)]);
  const listed = Object.values(runNpm([npm, 'pack', '--dry-run', '--json', ...workspaces]));
  return folders.map((folder) => {
    const manifest = readManifest(folder);
    const files = listed.find(({ name }) => name === manifest.name).files.map(({ path }) => path);
    return { folder, name: manifest.name, manifest: makePublishedManifest(manifest, folder), files };
  });
}

/**
 * The manifest to publish. It leaves out `./test-support/*`, which only tests in the workspace use and which is not
 * published.
 */
function makePublishedManifest({ private: _, exports: all, ...manifest }, folder) {
  const { './test-support/*': __, ...exports } = all;
  const { repository } = readRelease();
  return {
    ...manifest,
    exports,
    homepage: `${repository}#readme`,
    repository: { type: 'git', url: `git+${repository}.git`, directory: `packages/${folder}` },
    bugs: `${repository}/issues`,
    // npm publishes a scoped package as private without `access`. With `provenance`, it publishes only from a workflow.
    publishConfig: { access: 'public', provenance: true },
  };
}

function stage(target, name, packages, bundled) {
  const find = (wanted) => packages.find((each) => each.name === wanted);
  copyFiles(find(name), target);
  const own = bundled ? listOwnDependencies(name, packages) : [];
  for (const each of own) copyFiles(find(each), join(target, 'node_modules', each));
  if (own.length > 0) writeManifest({ ...find(name).manifest, bundleDependencies: own }, target);
}

function copyFiles({ folder, manifest, files }, target) {
  for (const file of files) {
    cpSync(join(root, 'packages', folder, file), join(target, file));
    if (/\.[cm]?js$/.test(file) && !files.includes(`${file}.map`)) dropMapComment(join(target, file));
  }
  writeManifest(manifest, target);
}

/** Removes the comment that names the source map, because the tarball doesn't contain the map. */
function dropMapComment(path) {
  writeFileSync(path, readFileSync(path, 'utf8').replace(/^\/\/# sourceMappingURL=\S+\s*$(?![^])/m, ''));
}

function writeManifest(manifest, target) {
  writeFileSync(join(target, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** The packages of this repository that a package depends on, directly or not. npm installs those from the registry. */
function listOwnDependencies(name, packages) {
  const { dependencies = {} } = packages.find((each) => each.name === name).manifest;
  const own = Object.keys(dependencies).filter((each) => packages.some((other) => other.name === each));
  return [...new Set(own.flatMap((each) => [each, ...listOwnDependencies(each, packages)]))];
}

/** Runs npm. @returns the JSON that it prints. */
function runNpm(words) {
  const ended = spawnSync(process.execPath, words, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
  if (ended.status !== 0) throw new Error(`npm ${words.slice(1).join(' ')} failed:\n${ended.stderr}`);
  return JSON.parse(ended.stdout);
}
