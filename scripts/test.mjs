// Builds everything, checks style and types, and runs every test. `npm test -- packages/core` runs one folder's.
import './check-node.mjs';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const sample = fileURLToPath(new URL('../examples/function-app', import.meta.url));
const require = createRequire(import.meta.url);

function run(what, script, args = [], cwd = root) {
  // At once: most of the steps say nothing while they work.
  console.log(`${what} …`);
  const { status } = spawnSync(process.execPath, [script, ...args], { cwd, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

run('Building the packages', fileURLToPath(new URL('build.mjs', import.meta.url)));
run('Building the tests that cross packages', require.resolve('typescript/bin/tsc'), ['-b', 'tests']);
// The samples keep the TypeScript they are written for.
run('Building the sample app', createRequire(`${sample}/`).resolve('typescript/bin/tsc'), [], sample);
run('Building the sample client', require.resolve('typescript/bin/tsc'), ['-p', 'examples/client']);

const folders = process.argv.slice(2);
if (folders.length === 0) {
  run('Linting', fileURLToPath(new URL('../node_modules/eslint/bin/eslint.js', import.meta.url)), ['.']);
  run('Checking the format', fileURLToPath(new URL('../node_modules/prettier/bin/prettier.cjs', import.meta.url)), [
    '--check',
    '--log-level',
    'warn',
    '.',
  ]);
  run('Checking the language of the pages', fileURLToPath(new URL('docs-tools.mjs', import.meta.url)), ['prose']);
}
const chosen = folders.length === 0 ? ['packages', 'tests'] : folders;
const files = chosen.flatMap(listTests).sort();
if (files.length === 0) throw new Error(`No tests in ${chosen.join(', ')}.`);
// Node itself would leave one processor idle, of two one half.
const concurrency = os.availableParallelism();
run(`Running ${files.length} test files, ${concurrency} at a time; a file's results come when it has ended`, '--test', [
  '--test-reporter=spec',
  `--test-concurrency=${concurrency}`,
  ...files,
]);

/** No glob: `node --test` expands them from Node 21 on only, and a shell differs from system to system. */
function listTests(folder) {
  return readdirSync(join(root, folder), { recursive: true })
    .map((file) => join(folder, file))
    .filter(
      (file) => file.endsWith('.test.js') && !file.includes('node_modules') && !file.includes(join('dist', 'cjs')),
    );
}
