// Replaces node:test in the sandbox. It collects the tests of many files in one process, so that any of them can run
// again for each mutant. It has only what the tests of x509, core and the decision vectors use.
import process from 'node:process';
import { mock } from 'node:test';

export { mock };

// The timers of Node.js, which stay the same when a test replaces the global ones.
const { setTimeout, clearTimeout } = globalThis;
/** The time in milliseconds. A test may have replaced the clock of `performance`. */
export const now = () => Number(process.hrtime.bigint()) / 1e6;
const MockTracker = mock.constructor;

/** The suite of each file, and below the suite that is being filled. */
const files = new Map();
let open;

const createSuite = (name, parent, skip) => ({
  name,
  parent,
  skip: skip || parent?.skip === true,
  members: [],
  hooks: { before: [], after: [], beforeEach: [], afterEach: [] },
});

export function describe(...words) {
  const [name, options, body] = readWords(words);
  const suite = createSuite(name, open, isSkipped(options));
  open.members.push(suite);
  const outer = open;
  open = suite;
  const result = body();
  if (result instanceof Promise) throw new Error(`The suite ${name} is asynchronous, which is not supported here.`);
  open = outer;
}

export function it(...words) {
  const [name, options, body] = readWords(words);
  open.members.push({ name, parent: open, body, skip: isSkipped(options) || open.skip });
}
export const test = Object.assign(it, { after, before, describe, it });

export function before(hook) {
  open.hooks.before.push(hook);
}
export function after(hook) {
  open.hooks.after.push(hook);
}
export function beforeEach(hook) {
  open.hooks.beforeEach.push(hook);
}
export function afterEach(hook) {
  open.hooks.afterEach.push(hook);
}

function readWords(words) {
  const name = typeof words[0] === 'string' ? words.shift() : words.at(-1).name;
  return [name, words.length > 1 ? words[0] : {}, words.at(-1)];
}

function isSkipped({ skip }) {
  return skip !== undefined && skip !== false;
}

/** Loads a file and collects its tests, unless that was done before. @returns its suite. */
export async function loadFile(file, url) {
  if (!files.has(file)) {
    const suite = createSuite(file, undefined, false);
    open = suite;
    await import(url);
    files.set(file, suite);
    nameTests(suite, file, new Map());
  }
  return files.get(file);
}

/** Gives each test and suite an id. Most names are unique in their suite; the others get a number. */
function nameTests(suite, path, used) {
  for (const member of suite.members) {
    const name = `${path} › ${member.name}`;
    const count = (used.get(name) ?? 0) + 1;
    used.set(name, count);
    member.id = count === 1 ? name : `${name} #${count}`;
    if (member.members !== undefined) nameTests(member, member.id, used);
  }
}

export function listTests(suite) {
  return suite.members.flatMap((member) => (member.members === undefined ? [member] : listTests(member)));
}

/** Rejects the test or hook that runs now, because of an error that none of its own promises reports. */
let rejectCurrent;
for (const event of ['uncaughtException', 'unhandledRejection'])
  process.on(event, (fault) => rejectCurrent?.(new Error(`${event}: ${String(fault?.message ?? fault)}`)));
// Node.js has nothing left to do, so the test can never end.
process.on('beforeExit', () => rejectCurrent?.(new Error('It waits for what never comes.')));

export class LimitError extends Error {}

function settle(act, limit) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new LimitError(`It did not end in ${limit} ms.`)), limit);
    // The timer must not keep the process alive, so that `beforeExit` can report a test that never ends.
    timer.unref();
    rejectCurrent = reject;
    Promise.resolve()
      .then(act)
      .then(resolve, reject)
      .finally(() => clearTimeout(timer));
  }).finally(() => (rejectCurrent = undefined));
}

/**
 * Runs the chosen tests of a suite, with the hooks around them, until `observe.end` returns false. It calls
 * `observe.start(kind, member)` before a test or a hook, and `observe.end(kind, member, fault, milliseconds)` after it.
 */
export async function runSuite(suite, isChosen, observe, limitOf) {
  const chosen = suite.members.filter((member) =>
    member.members === undefined ? isChosen(member) : listTests(member).some(isChosen),
  );
  if (chosen.length === 0) return true;
  let goesOn = await runHooks('before', suite, observe, limitOf);
  for (const member of chosen) {
    if (!goesOn) break;
    goesOn = await (member.members === undefined
      ? runTest(member, observe, limitOf)
      : runSuite(member, isChosen, observe, limitOf));
  }
  // The hooks run even if a test failed, because they end what it started.
  return (await runHooks('after', suite, observe, limitOf)) && goesOn;
}

async function runHooks(kind, suite, observe, limitOf) {
  let goesOn = true;
  for (const hook of suite.hooks[kind]) {
    if (!goesOn && kind === 'before') break;
    goesOn = (await observed(kind, suite, () => hook({ name: suite.name }), observe, limitOf)) && goesOn;
  }
  return goesOn;
}

async function runTest(member, observe, limitOf) {
  return await observed('test', member, () => callTest(member), observe, limitOf);
}

async function callTest(member) {
  const suites = [];
  for (let suite = member.parent; suite !== undefined; suite = suite.parent) suites.unshift(suite);
  const tracker = new MockTracker();
  const ends = [];
  const skipped = () => undefined;
  const context = {
    name: member.name,
    mock: tracker,
    after: (end) => ends.push(end),
    diagnostic: skipped,
    skip: skipped,
  };
  try {
    for (const suite of suites) for (const hook of suite.hooks.beforeEach) await hook(context);
    await member.body(context);
  } finally {
    for (const suite of suites.reverse()) for (const hook of suite.hooks.afterEach) await hook(context);
    for (const end of ends) await end(context);
    tracker.reset();
  }
}

async function observed(kind, member, act, observe, limitOf) {
  observe.start(kind, member);
  const started = now();
  let fault;
  try {
    await settle(act, limitOf(kind, member));
  } catch (thrown) {
    fault = thrown ?? new Error('It threw nothing.');
  }
  return observe.end(kind, member, fault, now() - started);
}
