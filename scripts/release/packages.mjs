// The packages that people install, and what their tarballs are. What a tarball says of its origin is release.json's: the
// manifests of this repository are private, so that nothing but a checked tarball can be published.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** In the order of publishing: each after those that it depends on. */
export const folders = ['x509', 'core', 'azure-functions', 'http', 'certgate'];

export function readManifest(folder, of = root) {
  return JSON.parse(readFileSync(join(of, 'packages', folder, 'package.json'), 'utf8'));
}

/** Names, owner and address, in one place. @throws Error for a key that is missing or unknown. */
export function readRelease(of = root) {
  const release = JSON.parse(readFileSync(join(of, 'release.json'), 'utf8'));
  const [keys, wanted] = [Object.keys(release).sort().join(), 'owner,repository,scope,tool'];
  if (keys !== wanted) throw new Error(`release.json has the keys ${keys} instead of ${wanted}.`);
  return release;
}

export function findNpm() {
  const npm = process.env['npm_execpath'];
  if (npm === undefined) throw new Error('Run it by npm: `npm run pack`, or `npm run release -- --dry-run`.');
  return npm;
}

/** Where a package was installed, for the workspace or for the checks alone. Some export no package.json to ask for. */
export function findInstalled(name) {
  const folders = ['', 'scripts/release'].map((folder) => join(root, folder, 'node_modules', name));
  const found = folders.find((folder) => existsSync(folder));
  if (found === undefined) throw new Error(`${name} is not installed: run npm ci, and npm ci in scripts/release.`);
  return found;
}

/**
 * Packs what is built, and answers `{ folder, name, version, file }` of each. With `bundled`, each tarball brings the other
 * packages of this repository that it depends on (bundleDependencies), so that it can be installed alone:
 * docs/app-shapes.md.
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

/** Each with the files that npm would publish of it. */
function listPackages(npm) {
  const workspaces = folders.flatMap((folder) => ['-w', join('packages', folder)]);
  const listed = Object.values(runNpm([npm, 'pack', '--dry-run', '--json', ...workspaces]));
  return folders.map((folder) => {
    const manifest = readManifest(folder);
    const files = listed.find(({ name }) => name === manifest.name).files.map(({ path }) => path);
    return { folder, name: manifest.name, manifest: makePublishedManifest(manifest, folder), files };
  });
}

/** The other packages' tests use files that are not published (`./test-support/*`): only the workspace exports them. */
function makePublishedManifest({ private: _, exports: all, ...manifest }, folder) {
  const { './test-support/*': __, ...exports } = all;
  const { repository } = readRelease();
  return {
    ...manifest,
    exports,
    homepage: `${repository}#readme`,
    repository: { type: 'git', url: `git+${repository}.git`, directory: `packages/${folder}` },
    bugs: `${repository}/issues`,
    // A scoped package is private unless it says this. With provenance, npm publishes from a workflow only.
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

/** The map is not in the tarball: a debugger would look for it in vain. */
function dropMapComment(path) {
  writeFileSync(path, readFileSync(path, 'utf8').replace(/^\/\/# sourceMappingURL=\S+\s*$(?![^])/m, ''));
}

function writeManifest(manifest, target) {
  writeFileSync(join(target, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** Of this repository, direct or not; those of the registry stay with npm. */
function listOwnDependencies(name, packages) {
  const { dependencies = {} } = packages.find((each) => each.name === name).manifest;
  const own = Object.keys(dependencies).filter((each) => packages.some((other) => other.name === each));
  return [...new Set(own.flatMap((each) => [each, ...listOwnDependencies(each, packages)]))];
}

/** The JSON that it prints. */
function runNpm(words) {
  const ended = spawnSync(process.execPath, words, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
  if (ended.status !== 0) throw new Error(`npm ${words.slice(1).join(' ')} failed:\n${ended.stderr}`);
  return JSON.parse(ended.stdout);
}
