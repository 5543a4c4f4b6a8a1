import { spawn } from 'node:child_process';
import { cpSync, existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Ended, collect, root } from './certgate.js';

/**
 * What `npm run pack` makes of the packages as they are built now: the tarballs that an app installs. `npm test -- --hosts`
 * packs once for all test files; a file that is run alone packs for itself.
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

/** By name alone: the version is that of the packages. */
export function findTarball(folder: string, name: string): string {
  const found = readdirSync(folder).find((file) => /^(.+)-\d[^-]*\.tgz$/.exec(file)?.[1] === name);
  if (found === undefined) throw new Error(`There is no tarball of ${name} in ${folder}.`);
  return join(folder, found);
}

/** First what the lockfile says, and nothing else; then the tarballs, which no lockfile can know. */
export async function installWithTarballs(folder: string, tarballs: readonly string[]): Promise<void> {
  const quietly = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];
  await expectNpm(['ci', ...quietly], folder);
  if (tarballs.length === 0) return;
  await expectNpm(['install', '--no-save', ...quietly, ...tarballs], folder);
}

/** npm's own script, run by this Node: what a shell calls `npm` is a batch file on Windows. */
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
  const beside = dirname(process.execPath);
  const candidates = [
    process.env['npm_execpath'] ?? '',
    join(beside, 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    join(beside, '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js'),
  ];
  const found = candidates.find((file) => file.endsWith('npm-cli.js') && existsSync(file));
  if (found === undefined) throw new Error('There is no npm beside this Node. Run the tests as `npm test`.');
  return found;
}
