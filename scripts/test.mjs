// Builds everything, checks style and types, and runs every test. `npm test -- packages/core tests/docs.test.ts` runs the
// tests of folders and files, without the linters.
import './check-node.mjs';
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const sample = join(root, 'examples', 'function-app');
const require = createRequire(import.meta.url);
const tsc = require.resolve('typescript/bin/tsc');
const bin = (name) => join(root, 'node_modules', name);

const folders = process.argv.slice(2).map(findCompiled);
// Compiling keeps one processor busy, so the linters run beside it; ESLint needs the declarations of the packages.
const building = expectStep('Building the packages', [join(root, 'scripts', 'build.mjs')]);
const linting = folders.length === 0 ? lint() : Promise.resolve();
await building;
await Promise.all([
  expectStep('Building the tests that cross packages', [tsc, '-b', 'tests']),
  // The samples keep the TypeScript they are written for.
  expectStep('Building the sample app', [createRequire(`${sample}/`).resolve('typescript/bin/tsc'), '-p', sample]),
  expectStep('Building the sample client', [tsc, '-p', 'examples/client']),
]);
if (folders.length === 0) await packForTests();
await runTests();
await linting;

/** What it finds comes last, where it is seen. */
async function lint() {
  const format = await runStep('Checking the format', [
    bin('prettier/bin/prettier.cjs'),
    ...['--check', '--log-level', 'warn', '.'],
  ]);
  const language = await runStep('Checking the language of the pages', [join(root, 'scripts/docs-tools.mjs'), 'prose']);
  await building;
  const style = await runStep('Linting', [bin('eslint/bin/eslint.js'), '.']);
  const failed = [format, language, style].filter(({ status }) => status !== 0);
  if (failed.length === 0) return;
  process.exitCode = 1;
  process.once('exit', () => {
    for (const { what, output } of failed) console.error(`${what} failed:\n${output}`);
  });
}

/** Once for all test files that install the packages: tests/test-support/npm.ts. */
async function packForTests() {
  // Absent where this script was not started by npm: then each of those files packs for itself.
  if (process.env['npm_execpath'] === undefined) return;
  const folder = mkdtempSync(join(os.tmpdir(), 'certgate-tarballs-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  await expectStep('Packing the packages', [join(root, 'scripts', 'pack.mjs'), folder]);
  process.env['CERTGATE_TEST_TARBALLS'] = folder;
}

async function expectStep(what, words) {
  const { status, output } = await runStep(what, words);
  if (status === 0) return;
  console.error(`${what} failed:\n${output}`);
  process.exit(status ?? 1);
}

/** Says at once what it does: most of the steps are silent while they work. */
function runStep(what, words) {
  console.log(`${what} …`);
  const child = spawn(process.execPath, words, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve({ what, status, output }));
  });
}

async function runTests() {
  // Not above: a Node that is too old lacks the second, and has to come as far as the check of its version.
  const [{ run }, { spec }] = await Promise.all([import('node:test'), import('node:test/reporters')]);
  // The longest are in tests/. They start first, so that no processor waits for the last of them.
  const chosen = folders.length === 0 ? ['tests', 'packages'] : folders;
  const files = chosen.flatMap((folder) => listTests(folder).sort());
  if (files.length === 0) throw new Error(`No tests in ${chosen.join(', ')}.`);
  // One more than there are processors: many files wait for a server, a timer or npm most of the time.
  const concurrency = os.availableParallelism() + 1;
  console.log(
    `Running ${files.length} test files, ${concurrency} at a time; a file's results come when it has ended …`,
  );
  const results = run({ files: files.map((file) => join(root, file)), concurrency });
  results.on('test:fail', () => (process.exitCode = 1));
  const report = results.compose(new spec());
  report.pipe(process.stdout);
  await new Promise((resolve) => report.once('end', resolve));
}

/** Sources may be named: what is run is what they compile to. */
function findCompiled(path) {
  return path
    .replace(/^(packages\/[^/]+\/)src(?=\/|$)/, '$1dist/esm')
    .replace(/^tests\/(?=[^/]+\.test\.ts$)/, 'tests/dist/')
    .replace(/\.test\.ts$/, '.test.js');
}

/** No glob: `node --test` expands them from Node 21 on only, and a shell differs from system to system. */
function listTests(folder) {
  if (folder.endsWith('.test.js')) return [folder];
  return readdirSync(join(root, folder), { recursive: true })
    .map((file) => join(folder, file))
    .filter(
      (file) => file.endsWith('.test.js') && !file.includes('node_modules') && !file.includes(join('dist', 'cjs')),
    );
}
