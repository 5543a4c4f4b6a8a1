import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Ended, collect, root } from './certgate.js';

/** Our packages as they are built now, packed as they would be published: the tarballs' paths. */
export async function packPackages(destination: string): Promise<readonly string[]> {
  const packages = ['x509', 'core', 'azure-functions', 'certgate'].flatMap((name) => ['-w', join('packages', name)]);
  await expectNpm(['pack', '--silent', '--pack-destination', destination, ...packages], root);
  return readdirSync(destination)
    .filter((name) => name.endsWith('.tgz'))
    .map((name) => join(destination, name));
}

/** First what the lockfile says, and nothing else; then the tarballs, which no lockfile can know. */
export async function installWithTarballs(folder: string, tarballs: readonly string[]): Promise<void> {
  const quietly = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];
  await expectNpm(['ci', ...quietly], folder);
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
