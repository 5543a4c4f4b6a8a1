// Makes deploy/, the folder that is deployed: compiled code, host.json, a package.json without scripts and development
// dependencies, and node_modules for production. Only what is listed here is copied. A list of what to leave out
// (.funcignore) would miss the file that nobody thought of, and Core Tools and azd read it differently.
//
//   node scripts/stage.mjs [--lockfile FOLDER] [--packed FOLDER]
//
// --lockfile: the folder with the package.json and package-lock.json to install from, if the app belongs to a workspace
// and therefore has no lockfile of its own. --packed: the folder with the tarballs of dependencies that are not in that
// lockfile.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

// The files to deploy besides the compiled code and node_modules. Add what your app reads at run time, such as a trust
// document: 'trust.json'.
const files = ['host.json'];
const code = /(?<!\.(?:test|spec))\.[cm]?js$/;

const app = fileURLToPath(new URL('..', import.meta.url));
const target = join(app, 'deploy');
const folder = { type: 'string', default: app };
const { values } = parseArgs({ options: { lockfile: folder, packed: folder } });
const lockfileFolder = resolve(values.lockfile);
const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));
const own = readJson(join(app, 'package.json'));
const { dependencies: locked = {} } = readJson(join(lockfileFolder, 'package.json'));
const unlocked = Object.keys(own.dependencies).filter((name) => locked[name] === undefined);

const temporary = mkdtempSync(join(tmpdir(), 'stage-'));
try {
  rmSync(target, { recursive: true, force: true });
  stage(findCode());
} catch (error) {
  rmSync(target, { recursive: true, force: true });
  console.error(`deploy/ was not made: ${error.message}`);
  process.exitCode = 1;
} finally {
  rmSync(temporary, { recursive: true, force: true });
}

function stage(codeFolder) {
  install();
  for (const file of files) cpSync(join(app, file), join(target, file));
  for (const file of readdirSync(join(app, codeFolder), { recursive: true }).filter((name) => code.test(name))) {
    cpSync(join(app, codeFolder, file), join(target, codeFolder, file));
  }
  // Leaves out npm's own record of what it installed, which has paths of this machine.
  const filter = (path) => basename(path) !== '.package-lock.json';
  cpSync(join(temporary, 'node_modules'), join(target, 'node_modules'), { recursive: true, filter });
  // Refers to tarballs that are not deployed, so that a remote build fails. With a version instead, it would install
  // whatever anybody has published under the name.
  const tarballs = unlocked.map((name) => [name, `file:${basename(findTarball(name))}`]);
  writeManifest(target, { ...locked, ...Object.fromEntries(tarballs) });
  // A .funcignore that leaves out only itself. Without such a file, azd leaves node_modules out (createDeployableZip in
  // its project_utils.go).
  writeFileSync(join(target, '.funcignore'), '.funcignore\n');
}

function findCode() {
  const folder = /^(?:\.\/)?([^./{*][^/{*]*)\//.exec(own.main ?? '')?.[1];
  if (folder === undefined) throw new Error('"main" in package.json must begin with a folder, like dist/.');
  if (existsSync(join(app, folder))) return folder;
  throw new Error(`There is no ${folder}/. Build the app first.`);
}

/**
 * Installs into a temporary folder, so that neither a registry's token (.npmrc) nor a tarball can stay in what is
 * deployed.
 */
function install() {
  writeManifest(temporary, locked);
  const lockfile = join(lockfileFolder, 'package-lock.json');
  if (!existsSync(lockfile)) throw new Error(`There is no ${lockfile}. Run npm install there, and commit it.`);
  // Finds vendored tarballs, whose dependency is written like "file:vendor/certgate-azure-functions-0.1.0.tgz".
  const vendored = Object.values(locked).flatMap((value) => /^file:(.+)$/.exec(value)?.slice(1) ?? []);
  for (const file of ['package-lock.json', '.npmrc', ...vendored]) {
    if (existsSync(join(lockfileFolder, file))) cpSync(join(lockfileFolder, file), join(temporary, file));
  }
  runNpm('ci');
  if (unlocked.length > 0) runNpm('install', '--no-save', ...unlocked.map(findTarball));
}

function findTarball(name) {
  const path = resolve(values.packed, `${name.replace('@', '').replace('/', '-')}-${own.dependencies[name]}.tgz`);
  if (existsSync(path)) return path;
  throw new Error(`${name} is not in ${join(lockfileFolder, 'package.json')}, and there is no ${path}.`);
}

function writeManifest(folder, dependencies) {
  const { name, version, type, main, optionalDependencies, overrides } = own;
  const manifest = { name, version, private: true, type, main, dependencies, optionalDependencies, overrides };
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

function runNpm(...args) {
  const npm = process.env['npm_execpath'];
  if (npm === undefined) throw new Error('Run it with npm: npm run stage.');
  // Makes no links (node_modules/.bin), because the copies would be links into the temporary folder.
  const options = ['--omit=dev', '--no-bin-links', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];
  const settings = { cwd: temporary, stdio: ['ignore', 2, 2] };
  const { status } = spawnSync(process.execPath, [npm, ...args, ...options], settings);
  if (status !== 0) throw new Error(`npm ${args[0]} failed.`);
}
