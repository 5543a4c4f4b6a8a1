// Mutation testing of the files that a decision opens: changes a place in a source file, and sees whether a test fails.
//
//   node proof/mutation/run.mjs                      all of them: `npm run prove -- mutation`
//   node proof/mutation/run.mjs --package x509       those of one package
//   node proof/mutation/run.mjs FILE …               these; proof/results is not changed
//   node proof/mutation/run.mjs FILE … --again       only what survived last time, or all of a file that has changed since
//   node proof/mutation/run.mjs FILE … --tests DIR   with the tests of one folder only, which is soon done
import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { join, relative } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { describeRun, writeResult } from '../run-record.mjs';
import { testFolders } from './chosen-tests.mjs';
import { isExplained, locate } from './explanations.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const here = fileURLToPath(new URL('.', import.meta.url));
/** The results of the last run, in one file for each source file. */
const stateFolder = join(here, 'state');
process.chdir(root);

const { values: options, positionals: named } = parseArgs({
  allowPositionals: true,
  options: {
    package: { type: 'string' },
    again: { type: 'boolean', default: false },
    tests: { type: 'string' },
  },
});
const packages = ['core', 'x509'].filter((name) => options.package === undefined || options.package === name);
const strange = named.filter(
  (file) => !packages.some((name) => file.startsWith(`packages/${name}/`)) || !existsSync(file),
);
if (packages.length === 0 || strange.length > 0) {
  const what = packages.length === 0 ? `no package "${options.package}"` : `no file ${strange.join(', ')}`;
  console.error(
    `There is ${what} to change. Name a package (core, x509), or sources such as packages/core/src/denial.ts.`,
  );
  process.exit(2);
}
if (!existsSync(join(here, 'node_modules'))) execFileSync('npm', ['ci', '--prefix', here], { stdio: 'inherit' });
const { Stryker } = await import('@stryker-mutator/core');
const files = named.length > 0 ? named : listFiles();
let isClean = true;
for (const name of packages) {
  const chosen = files.filter((file) => file.startsWith(`packages/${name}/`));
  if (chosen.length > 0) await prove(name, chosen);
}
process.exitCode = isClean ? 0 : 1;

/** The files that a decision opens, for a pinned caller and for a caller of an authority. */
function listFiles() {
  execFileSync(process.execPath, ['scripts/build.mjs'], { stdio: 'inherit' });
  const text = execFileSync(process.execPath, ['bench/count-path-files.mjs', '--list'], { encoding: 'utf8' });
  const found = text.match(/(?<=^ {2})\S+\.ts$/gm).map((file) => `packages/${file}`);
  return [...new Set(found)].sort();
}

async function prove(name, chosen) {
  const run = describeRun(`npm run prove -- mutation --package ${name}`);
  const started = Date.now();
  const leftOutPath = join(os.tmpdir(), `certgate-mutation-${process.pid}.json`);
  process.env['CERTGATE_MUTATION_TESTS'] = options.tests ?? testFolders[name].join(',');
  process.env['CERTGATE_MUTATION_LEFT_OUT'] = leftOutPath;
  const mutate = options.again ? chosen.flatMap(listSurvivors) : chosen;
  if (mutate.length === 0) return console.log(`Nothing survived in ${chosen.join(', ')}.`);
  const found = await new Stryker(describeStryker(mutate)).runMutationTest();
  const byFile = new Map(chosen.map((file) => [file, []]));
  for (const mutant of found) byFile.get(relative(root, mutant.fileName))?.push(shorten(mutant));
  for (const [file, mutants] of byFile) remember(file, mutants);
  const rows = chosen.map((file) => ({ file, ...count(file, readState(file).mutants) }));
  const total = rows.reduce((sum, { file: _, ...row }) => addUp(sum, row), {});
  const share = (100 * (total.killed + total.timeout + total.explained)) / total.mutants;
  printRows([...rows, { file: 'total', ...total }]);
  console.log(`${round(share)} % killed or explained, in ${Math.round((Date.now() - started) / 1000)} s.`);
  // Without mutants, the share is NaN, which must not pass.
  if (total.unclear > 0 || !(share >= 95)) isClean = false;
  if (named.length > 0 || options.again || options.tests !== undefined) return;
  const testsLeftOut = JSON.parse(readFileSync(leftOutPath, 'utf8'));
  write(run, name, {
    run,
    seconds: Math.round((Date.now() - started) / 1000),
    share: round(share),
    total,
    files: rows,
    testsLeftOut,
  });
}

/** Writes the results of a package. The other package's results stay, because each package has a run of its own. */
function write(run, name, part) {
  const path = join(root, 'proof', 'results', 'mutation.json');
  const known = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).packages : {};
  const parts = Object.fromEntries(Object.entries({ ...known, [name]: part }).sort());
  const summary = Object.entries(parts).map(
    ([
      each,
      {
        share,
        total,
        files: { length },
        run: { date, commit },
      },
    ]) =>
      `${each}: ${total.mutants} mutants of ${length} files at ${commit} (${date}): ${total.killed} killed, ${total.timeout} never ended, ${total.explained} explained, ${total.survived} survived: ${share} % killed or explained.`,
  );
  writeResult('mutation', run, { summary, packages: parts });
}

function round(share) {
  // Rounds down, so that a share never looks better than it is.
  return Math.floor(10 * share) / 10;
}

function describeStryker(mutate) {
  return {
    mutate,
    // Strings are not mutated: they are for people, and other tests check them.
    mutator: { excludedMutations: ['StringLiteral'] },
    plugins: [join(here, 'test-runner.mjs')],
    testRunner: 'collected',
    coverageAnalysis: 'perTest',
    buildCommand: 'node ../../build-sandbox.mjs',
    ignorePatterns: ['**', '!packages/x509/**', '!packages/core/**', '!conformance/decision/**', '**/dist/**'],
    symlinkNodeModules: false,
    tempDirName: join('proof', 'mutation', 'dist'),
    cleanTempDir: 'always',
    allowEmpty: true,
    concurrency: os.availableParallelism(),
    // This limit must never be reached, because the plugin has a limit of its own for each test.
    timeoutMS: 3_600_000,
    dryRunTimeoutMinutes: 60,
    reporters: ['progress-append-only', 'notes'],
    checkers: [],
    warnings: { slow: false },
  };
}

function listSurvivors(file) {
  const known = readState(file);
  if (known?.hash !== hash(file)) return [file];
  return known.mutants
    .filter((mutant) => isOpen(mutant) && !isExplained(file, mutant))
    .map(({ start, end }) => `${file}:${start.line + 1}:${start.column}-${end.line + 1}:${end.column}`);
}

function isOpen({ status }) {
  return !['Killed', 'Timeout', 'Ignored'].includes(status);
}

function shorten({ fileName, location, mutatorName, replacement, status, statusReason, killedBy }) {
  // Stryker's reports count both from 1, but what it takes counts columns from 0.
  const [start, end] = [location.start, location.end].map(({ line, column }) => ({
    line: line - 1,
    column: column - 1,
  }));
  return {
    ...locate(readFileSync(fileName, 'utf8'), start, end),
    replacement,
    mutatorName,
    status,
    statusReason,
    killedBy,
    start,
    end,
  };
}

function remember(file, mutants) {
  const last = readState(file);
  const known = options.again && last?.hash === hash(file) ? last.mutants : [];
  const keyOf = ({ start, end, replacement }) => JSON.stringify([start, end, replacement]);
  const found = new Map([...known, ...mutants].map((mutant) => [keyOf(mutant), mutant]));
  mkdirSync(stateFolder, { recursive: true });
  writeFileSync(statePath(file), JSON.stringify({ hash: hash(file), mutants: [...found.values()] }));
}

function readState(file) {
  return existsSync(statePath(file)) ? JSON.parse(readFileSync(statePath(file), 'utf8')) : undefined;
}

function statePath(file) {
  return join(stateFolder, `${file.replaceAll('/', '-')}.json`);
}

function count(file, all) {
  const mutants = all.filter(({ status }) => status !== 'Ignored');
  const open = mutants.filter(isOpen);
  for (const mutant of open.filter((each) => !isExplained(file, each)))
    console.log(
      `${mutant.status} ${file}:${mutant.start.line + 1} ${mutant.mutatorName}\n  ${JSON.stringify([mutant.code, mutant.replacement, mutant.at])}\n  ${mutant.statusReason ?? ''}`,
    );
  const number = (status) => mutants.filter((each) => each.status === status).length;
  const explained = open.filter((mutant) => isExplained(file, mutant)).length;
  return {
    mutants: mutants.length,
    killed: number('Killed'),
    timeout: number('Timeout'),
    explained,
    survived: open.length - explained,
    // The mutants whose run ended with an error, so that they neither survived nor were killed.
    unclear: open.filter(({ status }) => !['Survived', 'NoCoverage'].includes(status)).length,
  };
}

function addUp(sum, row) {
  return Object.fromEntries(Object.entries(row).map(([key, value]) => [key, (sum[key] ?? 0) + value]));
}

function printRows(rows) {
  console.table(Object.fromEntries(rows.map(({ file, ...row }) => [file.replace('packages/', ''), row])));
}

function hash(file) {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}
