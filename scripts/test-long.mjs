// Runs the tests with random inputs, with many times the inputs of `npm test`: `npm test -- --long`. CERTGATE_TEST_RUNS
// says how many times; the default is 50. A failure prints its seed.
import './check-node.mjs';
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const env = { CERTGATE_TEST_RUNS: '50', ...process.env };

const files = readdirSync(join(root, 'packages'))
  .flatMap((name) => listFiles(join(root, 'packages', name, 'src')))
  .filter((file) => file.endsWith('.test.ts') && readFileSync(file, 'utf8').includes('test-support/random-runs.js'))
  .map((file) => file.replace(/([\\/])src([\\/].*)\.ts$/, '$1dist$1esm$2.js'))
  .concat(join(root, 'conformance/decision/dist/decision-scenes.test.js'));
if (files.length === 1) throw new Error('No test uses test-support/random-runs.ts.');

run('--test', '--test-reporter=spec', ...files);

function listFiles(folder) {
  return readdirSync(folder, { recursive: true }).map((file) => join(folder, file));
}

function run(...args) {
  const { status } = spawnSync(process.execPath, args, { cwd: root, env, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
