// Runs several test files in this process, one after another. Each is a suite of its own, so that its hooks don't run
// for the tests of others. A file that leaves the process changed is reported as a failure.
import { describe, test } from 'node:test';
import { relative } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
// Node's own timers, which stay the same if a test file replaces the global ones.
const { setTimeout, clearTimeout } = globalThis;
/**
 * The time for a file to load, in milliseconds. On Node.js 24, a file that waits forever keeps the process, even if
 * nothing is left to do.
 */
const longestLoad = Number(process.env['CERTGATE_TEST_LONGEST_LOAD'] ?? 300_000);

export async function runGroup(urls) {
  // Set before any code is loaded, because some modules read it only once, when loaded. A pipe has no colors.
  process.env['NO_COLOR'] = '1';
  const methods = { ...console };
  let current;
  process.once('exit', () => {
    if (current !== undefined) failUnfinished(current);
  });
  for (const url of urls) {
    const name = relative(root, fileURLToPath(url));
    current = name;
    const before = describeProcess();
    await describe(name, () => load(url));
    // node:test restores two mocks of one method in the wrong order, so that the first mock would stay.
    Object.assign(console, methods);
    const changes = compare(before, describeProcess());
    // If a file is the only one in its process, no other file can be affected.
    if (changes.length > 0 && urls.length > 1) await reportChanges(name, changes);
  }
  current = undefined;
}

async function load(url) {
  let timer;
  const limit = new Promise((_, reject) => {
    const fault = new Error(
      `The file was not loaded after ${longestLoad / 1000} s: something at its top waits for ever.`,
    );
    timer = setTimeout(() => reject(fault), longestLoad);
  });
  try {
    await Promise.race([import(url), limit]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Fails if a test file called `process.exit(0)`. node:test would report success, because it doesn't know the tests that
 * would follow.
 */
function failUnfinished(name) {
  console.error(`The process ended in ${name}, before the tests of its group were done.`);
  process.exitCode = 1;
}

function reportChanges(name, changes) {
  const remedy =
    'Restore it in an `after` hook. If that is impossible, begin the file with `// In a process of its own: ` and the reason.';
  return test(`${name} leaves the process as it was`, () => {
    throw new Error(`It changed ${changes.join(', ')}. ${remedy}`);
  });
}

/** The state of the process that tests sometimes change, and that can affect other tests. */
function describeProcess() {
  const state = new Map([
    ['the working folder', process.cwd()],
    ['Error.stackTraceLimit', Error.stackTraceLimit],
  ]);
  for (const [name, value] of Object.entries(process.env)) state.set(`process.env.${name}`, value);
  for (const [name, object] of Object.entries({ globalThis, process, 'Object.prototype': Object.prototype }))
    for (const [key, { value }] of Object.entries(Object.getOwnPropertyDescriptors(object)))
      if (typeof value === 'function' || object === Object.prototype) state.set(`${name}.${key}`, value ?? null);
  return state;
}

function compare(before, after) {
  // Node creates most globals when they are first used, so they have no value before. Each copy of tslib sets functions
  // of its own, such as `globalThis.__awaiter`.
  const isUsual = (name) => name.startsWith('globalThis.') && (!before.has(name) || name.startsWith('globalThis.__'));
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].filter((name) => before.get(name) !== after.get(name) && !isUsual(name));
}
