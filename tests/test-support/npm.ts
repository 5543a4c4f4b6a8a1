import { spawn } from 'node:child_process';
import { cpSync, existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Ended, collect, root } from './certgate.js';

/**
 * Packs the packages as they are built now, like `npm run pack`, and returns the tarballs that an app installs. `npm
 * test -- --hosts` packs once for all test files. A file that runs on its own packs for itself.
 */
export async function packPackages(
  destination: string,
  names: readonly string[] = ['certgate-azure-functions', 'certgate'],
): Promise<readonly string[]> {
  const packed = process.env['CERTGATE_TEST_TARBALLS'];
  if (packed === undefined) await runPack(destination);
  else cpSync(packed, destination, { recursive: true });
  return names.map((name) => findTarball(destination, name));
}

async function runPack(destination: string): Promise<void> {
  const script = join(root, 'scripts', 'pack.mjs');
  const env = { ...process.env, npm_execpath: findNpm(), NODE_V8_COVERAGE: undefined, NODE_TEST_CONTEXT: undefined };
  const { exitCode, stderr } = await collect(spawn(process.execPath, [script, destination], { cwd: root, env }));
  if (exitCode !== 0) throw new Error(`Packing failed:\n${stderr}`);
}

/** Finds a package's tarball only by the package's name, whatever its version is. */
export function findTarball(folder: string, name: string): string {
  const found = readdirSync(folder).find((file) => /^(.+)-\d[^-]*\.tgz$/.exec(file)?.[1] === name);
  if (found === undefined) throw new Error(`There is no tarball of ${name} in ${folder}.`);
  return join(folder, found);
}

/** First installs exactly what the lockfile lists, then the tarballs, which no lockfile can list. */
export async function installWithTarballs(folder: string, tarballs: readonly string[]): Promise<void> {
  const quietly = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];
  await expectNpm(['ci', ...quietly], folder);
  if (tarballs.length === 0) return;
  await expectNpm(['install', '--no-save', ...quietly, ...tarballs], folder);
}

/** Runs npm's own script with this Node, because on Windows `npm` is a batch file. */
export function runNpm(args: readonly string[], cwd: string): Promise<Ended> {
  const env = { ...process.env, NODE_V8_COVERAGE: undefined, NODE_TEST_CONTEXT: undefined };
  const child = spawn(process.execPath, [findNpm(), ...args], { cwd, env });
  child.stdin.end();
  return collect(child);
}

export async function expectNpm(args: readonly string[], cwd: string): Promise<void> {
  const { exitCode, stdout, stderr } = await runNpm(args, cwd);
  if (exitCode !== 0) throw new Error(`npm ${args.join(' ')} failed in ${cwd}:\n${stdout}${stderr}`);
}

function findNpm(): string {
  const nodeFolder = dirname(process.execPath);
  const candidates = [
    process.env['npm_execpath'] ?? '',
    join(nodeFolder, 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    join(nodeFolder, '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js'),
  ];
  const found = candidates.find((file) => file.endsWith('npm-cli.js') && existsSync(file));
  if (found === undefined) throw new Error('There is no npm beside this Node. Run the tests as `npm test`.');
  return found;
}
