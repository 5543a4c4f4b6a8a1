// Runs several test files in this process, one after another, each as a suite of its own: a hook of one is not run for the
// tests of others. A file that leaves the process other than it was is reported as a failure.
import { describe, test } from 'node:test';
import { relative } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
// Those of Node, whatever a test file puts in their place.
const { setTimeout, clearTimeout } = globalThis;
/** Milliseconds. A file that waits for ever keeps the process on Node.js 24, though nothing is left to do. */
const longestLoad = Number(process.env['CERTGATE_TEST_LONGEST_LOAD'] ?? 300_000);

export async function runGroup(urls) {
  // Before anything asks: some parts do it once, when they are loaded, and a pipe has no colours.
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
    // node:test restores two mocks of one method in the order in which they were made, so the first would stay.
    Object.assign(console, methods);
    const changes = compare(before, describeProcess());
    // Alone, it leaves the process to nobody.
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

/** With `process.exit(0)`, node:test would say that all is well: the tests behind it were never there. */
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

/** What tests change now and then, and what would change the outcome of others. */
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
  // Node makes most globals when they are first used; until then they have no value. Each copy of tslib sets its own
  // functions, as `globalThis.__awaiter`.
  const isUsual = (name) => name.startsWith('globalThis.') && (!before.has(name) || name.startsWith('globalThis.__'));
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].filter((name) => before.get(name) !== after.get(name) && !isUsual(name));
}
