// Stryker's plugin that runs the tests. One process holds all tests and runs, for each mutant, those that reach it, the
// cheapest first. This takes milliseconds for a mutant; a process for each mutant would take seconds.
//
// A mutant is killed if one test fails with it, passes without it right afterwards, and fails with it again. If the
// test fails without the mutant as well, earlier tests have changed the process, and the test is tried again in a new
// one. A mutant that survives, and that also runs while files are loaded, is tried again in a new process that has it
// from the start.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { PluginKind, declareClassPlugin } from '@stryker-mutator/api/plugin';

/** The file in the sandbox with what is known about the tests, for the runners of all processes. */
const plan = 'test-plan.json';
/** A test may take this many milliseconds, and in addition five times as long as without a mutant. */
const least = 20_000;

class TestRunner {
  #folder = mkdtempSync(join(tmpdir(), 'certgate-mutation-'));
  #child;
  #plan;
  /** For a source file and a test file, how many mutants the latter killed. Test files with more kills run earlier. */
  #wins = new Map();

  capabilities() {
    return { reloadEnvironment: true };
  }

  async dryRun() {
    const child = await this.#start();
    const { tests: all, loads, perTest } = await this.#ask(child, { kind: 'collect' }, 1_200_000);
    this.#stop(child);
    // With fewer random inputs, some tests fail that check which cases came up. They say nothing about a mutant, so
    // they are left out.
    const tests = all.filter(({ fault }) => fault === undefined);
    const failed = all
      .filter(({ fault }) => fault !== undefined)
      .map(({ id, fault }) => `${id}: ${fault.split('\n', 1)[0].slice(0, 200)}`);
    if (failed.length > 20) return { status: 'error', errorMessage: failed.join('\n') };
    writeFileSync(process.env['CERTGATE_MUTATION_LEFT_OUT'], JSON.stringify(failed));
    const inFile = findMutants();
    const reachedByTests = new Set(tests.flatMap(({ id }) => Object.keys(perTest[id] ?? {})));
    const loaders = {};
    for (const [file, { reached }] of Object.entries(loads))
      for (const mutant of reached) (loaders[mutant] ??= []).push(file);
    // The test files that may notice a mutant of a source file, for mutants that run while a module is loaded.
    const testFilesOf = {};
    const add = (mutant, file) => ((testFilesOf[inFile[mutant]] ??= {})[file] = true);
    for (const { id, file } of tests) for (const mutant of Object.keys(perTest[id] ?? {})) add(mutant, file);
    for (const [file, { reached }] of Object.entries(loads)) for (const mutant of reached) add(mutant, file);
    this.#plan = {
      tests: Object.fromEntries(tests.map(({ id, file, milliseconds }) => [id, { file, milliseconds }])),
      files: Object.fromEntries(
        Object.entries(loads).map(([file, { milliseconds, hooks = 0 }]) => [file, { load: milliseconds, hooks }]),
      ),
      testFilesOf: Object.fromEntries(Object.entries(testFilesOf).map(([file, found]) => [file, Object.keys(found)])),
      inFile,
      loaders,
    };
    writeFileSync(plan, JSON.stringify(this.#plan));
    const onlyWhileLoading = Object.fromEntries(
      Object.keys(loaders)
        .filter((id) => !reachedByTests.has(id))
        .map((id) => [id, 1]),
    );
    return {
      status: 'complete',
      tests: tests.map(({ id, milliseconds }) => ({ id, name: id, timeSpentMs: milliseconds, status: 0 })),
      mutantCoverage: {
        static: onlyWhileLoading,
        perTest: Object.fromEntries(tests.map(({ id }) => [id, perTest[id] ?? {}])),
      },
    };
  }

  async mutantRun({ activeMutant: { id }, testFilter, hitLimit }) {
    this.#plan ??= JSON.parse(readFileSync(plan, 'utf8'));
    const outcome =
      testFilter === undefined
        ? await this.#tryLoaded(id, this.#plan.testFilesOf[this.#plan.inFile[id]] ?? [])
        : await this.#tryReached(id, testFilter, hitLimit);
    const { count = 0, failure } = outcome;
    if (failure === undefined) return { status: 'survived', nrOfTests: count };
    const message = `${failure.status}: ${failure.message}`;
    if (failure.status === 'hung' || failure.status === 'endless')
      return { status: 'timeout', reason: `${message} (${failure.test})` };
    if (failure.status !== 'failed') return { status: 'error', errorMessage: message };
    const killer = this.#plan.tests[failure.test] === undefined ? this.#testsOf(failure.file)[0] : failure.test;
    return { status: 'killed', killedBy: [killer], failureMessage: message, nrOfTests: count };
  }

  async dispose() {
    this.#stop(this.#child);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Runs the tests that reach the mutant, in the process that holds all tests. */
  async #tryReached(mutant, tests, hitLimit) {
    const groups = this.#order(
      mutant,
      group(tests, (id) => this.#plan.tests[id].file),
    );
    const skipped = new Set();
    for (;;) {
      this.#child ??= await this.#start();
      const isLeft = (id) => !skipped.has(id) && !this.#child.spoiled.has(id);
      const left = groups
        .map(({ file, tests: all }) => ({ file, tests: all.filter(isLeft) }))
        .filter(({ tests: { length } }) => length > 0);
      const outcome = await this.#run(this.#child, { mutant, groups: left, hitLimit, loadsFirst: true });
      const { failure } = outcome;
      if (failure === undefined) return await this.#tryLoaders(mutant, outcome);
      if (failure.status === 'endless' || failure.status === 'lost') return outcome;
      const chosen = left
        .filter(({ file }) => file === failure.file)
        .map(({ file, tests: all }) => ({ file, tests: all.includes(failure.test) ? [failure.test] : all }));
      if (await this.#confirm(failure, mutant, chosen, hitLimit)) return this.#win(mutant, outcome);
      for (const id of chosen.flatMap(({ tests: all }) => all)) skipped.add(id);
    }
  }

  async #confirm({ status }, mutant, groups, hitLimit) {
    if (status === 'failed') {
      const without = await this.#run(this.#child, { groups });
      if (without.failure === undefined)
        return (await this.#run(this.#child, { mutant, groups, hitLimit })).failure !== undefined;
      // Another test has changed the state of this process, so the tests fail even without a mutant.
      for (const id of groups.flatMap(({ tests }) => tests)) this.#child?.spoiled.add(id);
    } else {
      this.#stop(this.#child);
      this.#child = undefined;
    }
    // Tries once more in a new process, with twice the time.
    const child = await this.#start();
    const without = await this.#run(child, { groups });
    const again = without.failure === undefined ? await this.#run(child, { mutant, groups, hitLimit }, 2) : {};
    this.#stop(child);
    return again.failure !== undefined;
  }

  /** A mutant that also runs while files are loaded may be noticed only by a process that loads the files with it. */
  async #tryLoaders(mutant, outcome) {
    const files = this.#plan.loaders[mutant];
    return files === undefined ? outcome : await this.#tryLoaded(mutant, files);
  }

  /**
   * Runs all tests of the files, in a new process that has the mutant from the start. A failure is confirmed in two
   * more.
   */
  async #tryLoaded(mutant, files) {
    const groups = this.#order(mutant, new Map(files.map((file) => [file, this.#testsOf(file)])));
    let outcome;
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      const child = await this.#start(mutant);
      outcome = await this.#run(child, { mutant, groups });
      this.#stop(child);
      if (outcome.failure === undefined) return outcome;
      const chosen = groups.filter(({ file }) => file === outcome.failure.file);
      const fresh = await this.#start();
      const without = await this.#run(fresh, { groups: chosen });
      this.#stop(fresh);
      const other = await this.#start(mutant);
      const again = without.failure === undefined ? await this.#run(other, { mutant, groups: chosen }) : {};
      this.#stop(other);
      if (again.failure !== undefined) return this.#win(mutant, outcome);
    }
    return { failure: { status: 'unclear', message: `It fails now and then: ${outcome.failure.test}.` } };
  }

  #win(mutant, outcome) {
    const key = `${this.#plan.inFile[mutant]} ${outcome.failure.file}`;
    this.#wins.set(key, (this.#wins.get(key) ?? 0) + 1);
    return outcome;
  }

  #testsOf(file) {
    return Object.keys(this.#plan.tests).filter((id) => this.#plan.tests[id].file === file);
  }

  #order(mutant, byFile) {
    const source = this.#plan.inFile[mutant];
    const cost = ([file, tests]) => {
      const time = tests.reduce(
        (sum, id) => sum + this.#plan.tests[id].milliseconds,
        10 + this.#plan.files[file].hooks,
      );
      // Files that are named after the source file, and files that have killed its mutants, cost less and so come
      // first.
      const isNamedAfter = file.includes(`/${basename(source, '.ts')}`);
      return time / (1 + (isNamedAfter ? 5 : 0) + 3 * (this.#wins.get(`${source} ${file}`) ?? 0));
    };
    return [...byFile]
      .map((each) => [cost(each), ...each])
      .sort(([one], [other]) => one - other)
      .map(([, file, tests]) => ({ file, tests }));
  }

  async #run(child, request, factor = 1) {
    const limits = {};
    let whole = 0;
    for (const { file, tests } of request.groups) {
      whole += 5 * (this.#plan.files[file].load + this.#plan.files[file].hooks);
      for (const id of tests) {
        limits[id] = factor * (least + 5 * this.#plan.tests[id].milliseconds);
        whole += 5 * this.#plan.tests[id].milliseconds;
      }
    }
    try {
      return await this.#ask(child, { kind: 'run', limits, ...request }, factor * (least + 5_000 + whole));
    } catch (fault) {
      const test = readFileSync(this.#progress(child), 'utf8').trim();
      const status = fault.isLate === true ? 'hung' : 'gone';
      const file = this.#plan.tests[test]?.file ?? request.groups.find((each) => test.includes(each.file))?.file;
      this.#stop(child);
      if (child === this.#child) this.#child = undefined;
      return {
        failure:
          file === undefined
            ? { status: 'lost', message: `${fault.message} (${test})` }
            : { status, test, file, message: fault.message },
      };
    }
  }

  async #start(mutant) {
    this.#count += 1;
    const env = { ...process.env, CERTGATE_MUTATION_PROGRESS: join(this.#folder, String(this.#count)) };
    if (mutant !== undefined) env.__STRYKER_ACTIVE_MUTANT__ = mutant;
    const child = fork(fileURLToPath(new URL('test-process.mjs', import.meta.url)), {
      env,
      execArgv: ['--disable-warning=ExperimentalWarning'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    child.number = this.#count;
    child.errors = '';
    // The tests that fail in this process even without a mutant.
    child.spoiled = new Set();
    child.stderr.setEncoding('utf8').on('data', (text) => (child.errors = (child.errors + text).slice(-2_000)));
    await this.#next(child, 120_000);
    return child;
  }
  #count = 0;

  #progress(child) {
    return join(this.#folder, String(child.number));
  }

  async #ask(child, request, milliseconds) {
    child.send(request);
    const { result, fault } = await this.#next(child, milliseconds);
    if (fault !== undefined) throw new Error(fault);
    return result;
  }

  async #next(child, milliseconds) {
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), milliseconds);
    try {
      const gone = once(child, 'exit', { signal: limit.signal }).then(([code, signal]) => {
        throw new Error(`The process ended (${code ?? signal}): ${child.errors}`);
      });
      const answer = once(child, 'message', { signal: limit.signal });
      const [message] = await Promise.race([answer, gone]).finally(() => {
        // Marks the later rejection of the other promise as handled.
        for (const each of [answer, gone]) each.catch(() => undefined);
      });
      return message;
    } catch (fault) {
      if (fault.name !== 'AbortError') throw fault;
      throw Object.assign(new Error(`No answer in ${milliseconds} ms.`), { isLate: true });
    } finally {
      clearTimeout(timer);
      limit.abort();
    }
  }

  #stop(child) {
    child?.kill('SIGKILL');
  }
}

function group(items, keyOf) {
  const groups = new Map();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

/** Finds the source file of each mutant in the files that Stryker wrote. */
function findMutants() {
  const inFile = {};
  for (const name of ['x509', 'core'])
    for (const file of readdirSync(join('packages', name, 'src'), { recursive: true }).filter((each) =>
      each.endsWith('.ts'),
    )) {
      const path = join('packages', name, 'src', file);
      for (const [, id] of readFileSync(path, 'utf8').matchAll(/stryMutAct_9fa48\("(\d+)"\)/g)) inFile[id] = path;
    }
  return inFile;
}

/** Prints each survivor at once, because a run takes long. */
class Notes {
  onMutantTested({ fileName, location: { start }, mutatorName, replacement, status, statusReason }) {
    if (status === 'Killed' || status === 'Ignored') return;
    console.log(
      `${status} ${relative(process.cwd(), fileName)}:${start.line} ${mutatorName}: ${replacement} ${statusReason ?? ''}`,
    );
  }
}

export const strykerPlugins = [
  declareClassPlugin(PluginKind.TestRunner, 'collected', TestRunner),
  declareClassPlugin(PluginKind.Reporter, 'notes', Notes),
];
