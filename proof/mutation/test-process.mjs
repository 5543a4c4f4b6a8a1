// A process that loads the tests of the sandbox and runs some of them, with or without a mutant, as its parent tells
// it.
import { openSync, readdirSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { leftOut } from './chosen-tests.mjs';
import { LimitError, listTests, loadFile, now, runSuite } from './collected-tests.mjs';

process.env['NO_COLOR'] = '1';
const sandbox = process.cwd();

const stryker = (globalThis.__stryker__ ??= {});
const fastCheck = await import(pathToFileURL(join(sandbox, 'node_modules', 'fast-check', 'lib', 'fast-check.js')).href);
// Each mutant gets the same random inputs. An input that fails is not shrunk, because nobody reads it.
fastCheck.configureGlobal({ seed: 26, endOnFailure: true });
// The file in which this process notes what it runs. The parent reads it if this process is stuck.
const progress = process.env['CERTGATE_MUTATION_PROGRESS'];
const note = progress === undefined ? undefined : openSync(progress, 'w');

const findUrl = (file) => pathToFileURL(join(sandbox, file)).href;

process.on('message', (request) => {
  process.channel.unref();
  const answer = { collect, run }[request.kind];
  answer(request)
    .then(
      (result) => process.send({ result }),
      (fault) => process.send({ fault: String(fault?.stack ?? fault) }),
    )
    .finally(() => process.channel.ref());
});
process.send({ ready: true });

function listFiles() {
  return process.env['CERTGATE_MUTATION_TESTS']
    .split(',')
    .flatMap((folder) => readdirSync(outputOf(folder), { recursive: true }).map((name) => join(outputOf(folder), name)))
    .filter((name) => name.endsWith('.test.js') && !Object.hasOwn(leftOut, sourceOf(name)))
    .sort();
}

function outputOf(folder) {
  return folder.includes('/src') ? folder.replace('/src', '/dist/esm') : join(folder, 'dist');
}

function sourceOf(file) {
  return file.replace('/dist/esm/', '/src/').replace('/dist/', '/').replace(/\.js$/, '.ts');
}

/** Runs everything once, and records which mutants each test and the loading of each file reach. */
async function collect() {
  const reached = (stryker.mutantCoverage = { static: {}, perTest: {} }).perTest;
  const tests = [];
  const loads = {};
  for (const file of listFiles()) {
    stryker.currentTestId = 'load';
    const started = now();
    report(file);
    const suite = await loadFile(file, findUrl(file));
    loads[file] = { reached: Object.keys(reached.load ?? {}), milliseconds: now() - started };
    delete reached.load;
    const hooks = new Map();
    const observe = {
      start(kind, member) {
        stryker.currentTestId = kind === 'test' ? member.id : 'hook';
      },
      end(kind, member, fault, milliseconds) {
        if (kind === 'test') {
          tests.push({
            id: member.id,
            file,
            source: sourceOf(file),
            fault: fault && String(fault.stack ?? fault),
            milliseconds,
          });
          return true;
        }
        if (fault !== undefined) throw fault;
        const known = hooks.get(member) ?? { reached: {}, milliseconds: 0 };
        hooks.set(member, {
          reached: { ...known.reached, ...reached.hook },
          milliseconds: known.milliseconds + milliseconds,
        });
        delete reached.hook;
        return true;
      },
    };
    await runSuite(
      suite,
      (member) => !member.skip,
      observe,
      () => 300_000,
    );
    stryker.currentTestId = undefined;
    // Counts the mutants that a hook reaches for each test of its suite, because the test depends on the hook.
    for (const [of, { reached: more }] of hooks)
      for (const member of listTests(of).filter(({ skip }) => !skip))
        for (const [id, count] of Object.entries(more))
          (reached[member.id] ??= {})[id] = (reached[member.id][id] ?? 0) + count;
    loads[file].hooks = [...hooks.values()].reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  }
  return { tests, loads, perTest: reached };
}

/**
 * Runs the chosen tests of the files, in their order, until one fails. A file that is not loaded yet is loaded with the
 * mutant.
 */
async function run({ mutant, groups, limits, hitLimit, loadsFirst = false }) {
  let count = 0;
  let failure;
  const observe = {
    start(kind, member) {
      report(`${kind === 'test' ? member.id : `${kind} of ${member.id ?? member.name}`}`);
    },
    end(kind, member, fault) {
      count += 1;
      if (stryker.hitCount > stryker.hitLimit)
        failure ??= { status: 'endless', test: member.id, message: 'It runs the mutant again and again.' };
      else if (fault !== undefined)
        failure ??= {
          status: fault instanceof LimitError ? 'hung' : 'failed',
          kind,
          test: member.id ?? member.name,
          message: String(fault.message ?? fault).slice(0, 500),
        };
      return failure === undefined;
    },
  };
  stryker.hitCount = 0;
  stryker.hitLimit = hitLimit ?? Infinity;
  for (const { file, tests } of groups) {
    const chosen = tests === undefined ? undefined : new Set(tests);
    report(`loading ${file}`);
    let suite;
    try {
      stryker.activeMutant = loadsFirst ? undefined : mutant;
      suite = await loadFile(file, findUrl(file));
      stryker.activeMutant = mutant;
    } catch (fault) {
      failure = {
        status: 'failed',
        kind: 'load',
        file,
        test: file,
        message: String(fault?.message ?? fault).slice(0, 500),
      };
    }
    if (failure !== undefined) break;
    await runSuite(
      suite,
      (member) => !member.skip && (chosen?.has(member.id) ?? true),
      observe,
      (_, member) => limits[member.id] ?? 20_000,
    );
    if (failure !== undefined) {
      failure.file = file;
      break;
    }
  }
  stryker.activeMutant = undefined;
  stryker.hitLimit = Infinity;
  report('');
  return { count, failure };
}

function report(text) {
  if (note !== undefined) writeSync(note, text.slice(0, 400).padEnd(400), 0);
}
