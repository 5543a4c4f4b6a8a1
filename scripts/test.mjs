// Builds everything, which checks the types, and runs every test. `npm test -- packages/core tests/docs.test.ts` runs
// the tests of folders and files. `npm test -- --hosts` runs the tests that need proxies, or install packages as users
// do.
import './check-node.mjs';
import './check-programs.mjs';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import { join, relative } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { findUntestedExitCodes } from './exit-codes.mjs';
import { groupTests } from './test-groups.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const sample = join(root, 'examples', 'function-app');
const tsc = join(root, 'node_modules', 'typescript-native', 'bin', 'tsc');
/** The TypeScript version that users have. The samples stay with the version that they are written for. */
const usersTsc = createRequire(`${sample}/`).resolve('typescript/bin/tsc');

/**
 * Tests that take minutes and that most changes don't need: they start proxies, apps or the tool many times, install
 * frameworks, bundlers or the tarballs, or compile Go.
 */
const hostTests = [
  'alerts',
  'alerts-prometheus',
  'app-shapes',
  'bundlers',
  'cli-app-baseline',
  'cli-explain',
  'cli-init',
  'clients',
  'compared',
  'deployed-app',
  'dev-app-settings',
  'dev-command',
  'dev-front-ends',
  'doctor',
  'doctor-openings',
  'doctor-servers',
  'fleet-example',
  'foreign-hooks',
  'front-ends-matrix',
  'front-ends-wire',
  'fuzzing',
  'github-action',
  'http-frameworks',
  'http-hosts',
  'http-next',
  'http-two-gates',
  'mcp-agents',
  'operations',
  'prove-azure',
  'readme-walkthrough',
  'recipes',
  'sample-outputs',
  'soak',
  'step-issuer',
  'terminal-questions',
  'trust-blob-faults',
  'trust-revocation',
  'two-versions',
  'users-tests',
  'vendoring',
]
  .map((name) => join('tests', 'dist', `${name}.test.js`))
  .concat(
    ['doctor/doctor', 'trust/explanation/certificate-drill', 'trust/explanation/drill'].map((name) =>
      join('packages', 'certgate', 'dist', 'esm', `${name}.test.js`),
    ),
  );
// The longest test that uses one processor starts first, so that no processor waits for it at the end.
hostTests.unshift(join('conformance', 'decision', 'dist', 'decision-scenes.test.js'));

const words = process.argv.slice(2);
const folders = words[0] === '--hosts' ? hostTests : words.map(findCompiled);
// check.mjs sets this variable after it has built the sources.
if (process.env['CERTGATE_TESTS_ARE_BUILT'] !== '1') await buildAll();
if (words[0] === '--build') process.exit();
for (const [index, folder] of folders.entries()) {
  if (existsSync(join(root, folder))) continue;
  console.error(
    `There is no folder or test ${words[index]}. npm test also has the parts --hosts, --browser, --front-ends,`,
  );
  console.error('--node 22|24, --long, --repeat RUNS, and --coverage.');
  process.exit(2);
}
const temporary = mkdtempSync(join(os.tmpdir(), 'certgate-tests-'));
process.once('exit', () => rmSync(temporary, { recursive: true, force: true }));
if (folders === hostTests) await packForTests();
const exitCodes = join(temporary, 'exit-codes.jsonl');
process.env['CERTGATE_TEST_EXIT_CODES'] = exitCodes;
await runTests();
if (folders === hostTests || folders.length === 0) expectExitCodes();

async function buildAll() {
  await expectStep('Building the packages', [join(root, 'scripts', 'build.mjs')]);
  await Promise.all([
    expectStep('Building the tests that cross packages', [tsc, '-b', 'tests']),
    expectStep('Checking the published types', [usersTsc, '-b', 'tests/types', 'tests/types/commonjs']),
    // The declarations that the samples import are not checked here, because `npm start` checks them.
    expectStep('Building the sample app', [usersTsc, '-p', sample, '--skipLibCheck']),
    expectStep('Building the sample clients', [usersTsc, '-p', 'examples/clients', '--skipLibCheck']),
  ]);
}

/** Checks that the tests have seen every exit code of every command. Only a whole run can show this. */
function expectExitCodes() {
  const untested = findUntestedExitCodes(exitCodes, folders === hostTests);
  if (untested.length === 0) return;
  console.error(`No test saw these exit codes of docs/commands.md: ${untested.join(', ')}. Add one for each.`);
  process.exitCode = 1;
}

/** Packs the packages once for all test files that install them: tests/test-support/npm.ts. */
async function packForTests() {
  // The variable is missing if npm did not start this script. Each of those test files then packs for itself.
  if (process.env['npm_execpath'] === undefined) return;
  const folder = join(temporary, 'tarballs');
  mkdirSync(folder);
  await expectStep('Packing the packages', [join(root, 'scripts', 'pack.mjs'), folder]);
  process.env['CERTGATE_TEST_TARBALLS'] = folder;
}

/** Runs a build step. Prints its name at once, because most steps print nothing while they work. */
async function expectStep(what, words) {
  console.log(`${what} …`);
  const child = spawn(process.execPath, words, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  const [status] = await once(child, 'close');
  if (status === 0) return;
  console.error(`${what} failed:\n${output}`);
  process.exit(status ?? 1);
}

async function runTests() {
  // Imported here and not at the top, because a Node that is too old lacks `node:test/reporters` and must first get to
  // the check of its version.
  const [{ run }, { spec }] = await Promise.all([import('node:test'), import('node:test/reporters')]);
  // The longest tests are in tests/. They start first, so that no processor waits for the last of them.
  const chosen = folders.length === 0 ? ['tests', 'conformance', 'packages'] : folders;
  const found = chosen.flatMap((folder) => listTests(folder).sort());
  const files = folders.length === 0 ? found.filter((file) => !hostTests.includes(file)) : found;
  if (folders.length === 0)
    console.log(
      'Not run here: the tests of proxies, HTTP hosts, MCP clients, issuers, installed packages, alerts, and long ones of commands. They are `npm test -- --hosts`.',
    );
  if (files.length === 0) throw new Error(`No tests in ${chosen.join(', ')}.`);
  // Two more processes than processors, because many files mostly wait for a server, a timer or npm.
  const concurrency = os.availableParallelism() + 2;
  const seed = process.env['CERTGATE_TEST_SEED'];
  const paths = files.map((file) => join(root, file));
  // The tests of hosts run in processes of their own, because they mostly wait, and load modules that no other test
  // loads.
  const groups =
    folders === hostTests
      ? paths
      : groupTests(paths, join(temporary, 'groups'), seed === undefined ? undefined : Number(seed));
  console.log(
    `Running ${files.length} test files in ${groups.length} processes, ${concurrency} at a time; results come when a process has ended …`,
  );
  const results = run({ files: groups, concurrency });
  results.on('test:fail', () => (process.exitCode = 1));
  const outcome = collectOutcome(results);
  const report = results.compose(new spec());
  report.pipe(process.stdout);
  await new Promise((resolve) => report.once('end', resolve));
  // scripts/test-repeat.mjs reads this report.
  const reportFile = process.env['CERTGATE_TEST_REPORT'];
  if (reportFile !== undefined) writeFileSync(reportFile, JSON.stringify(outcome));
}

/** Counts the tests, and lists those that failed. */
function collectOutcome(results) {
  const outcome = { tests: 0, failed: [] };
  const isTest = ({ details }) => details.type !== 'suite';
  results.on('test:pass', (test) => (outcome.tests += isTest(test) ? 1 : 0));
  results.on('test:fail', (test) => {
    if (isTest(test)) outcome.tests += 1;
    // A test that contains others fails with them, so only the inner one is listed.
    if (test.details.error?.failureType === 'subtestsFailed') return;
    outcome.failed.push(`${relative(root, test.file ?? '')}: ${test.name}`);
  });
  return outcome;
}

/** The compiled file or folder of a source. A user may name either. */
function findCompiled(path) {
  return path
    .replace(/^(packages\/[^/]+\/)src(?=\/|$)/, '$1dist/esm')
    .replace(/^(tests|conformance\/decision)\/(?=[^/]+\.test\.ts$)/, '$1/dist/')
    .replace(/\.test\.ts$/, '.test.js');
}

/**
 * Lists the compiled tests of a folder. A glob can't be used: `node --test` expands it only from Node 21 on, and shells
 * differ.
 */
function listTests(folder) {
  if (folder.endsWith('.test.js')) return [folder];
  return readdirSync(join(root, folder), { recursive: true })
    .map((file) => join(folder, file))
    .filter((file) => file.endsWith('.test.js') && !file.includes('node_modules'));
}
