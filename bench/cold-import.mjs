// Measures what the gate adds to a process from its start to its first decision. An app pays this at every cold start.
// Fresh processes run in interleaved rounds. Their CPU time is measured, and a row shows its fastest run, because other
// work on the machine makes runs slower.
//
// The goal is about the whole start, because work that `require` leaves to the first decision is not saved.
//
//   node bench/cold-import.mjs                      the table; exits 1 when a goal is missed
//   node bench/cold-import.mjs --json               the same as JSON
//   … --rounds 11 --checkout PATH  fewer processes, and another checkout that is built
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { arch, cpus, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { pathNow, writeChain } from '@certgate/x509/test-support/written-path.js';
import * as tools from '@certgate/core/internal';
import { openPinned, requirement } from './warm-decisions.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '61' },
    checkout: { type: 'string', default: fileURLToPath(new URL('..', import.meta.url)) },
    json: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds);
if (!(rounds >= 5)) throw new Error(`--rounds must be a number from 5 on, not ${values.rounds}.`);
const adapter = '@certgate/azure-functions';
const library = '@azure/functions';
const folder = mkdtempSync(join(tmpdir(), 'certgate-cold-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
// The environment without settings of npm or of a developer that would load code into the measured processes.
const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(?:node|npm)_/i.test(name)));
const cached = { ...environment, NODE_COMPILE_CACHE: join(folder, 'compile-cache') };

const firstDecision = await describeFirstDecision();
const tests = [
  { name: 'bare Node', code: '0' },
  { name: `require('${adapter}')`, code: `require('${adapter}')` },
  { name: 'require, and a first pinned decision', code: firstDecision, decided: 'allowed' },
  { name: `import('${adapter}')`, code: `import('${adapter}')` },
  { name: `require('${library}')`, code: `require('${library}')` },
  { name: `import('${library}')`, code: `import('${library}')` },
];
// The goals are multiples of what the library adds, which every app loads anyway, because the machines of two runs
// differ.
const goals = [{ own: tests[2], other: tests[4], bare: tests[0], limit: 1.75 }];
if (nodeModule.enableCompileCache === undefined) {
  console.warn('This version of Node.js has no compile cache (22.1 and later have): its rows are missing.');
} else {
  const [bare, own, other] = [0, 2, 4].map((row) => ({
    ...tests[row],
    name: `${tests[row].name}, with a compile cache`,
    environment: cached,
  }));
  tests.push(bare, own, other);
  goals.push({ own, other, bare, limit: 1.5 });
}

// The first run of each test fills the compile cache and the machine's own caches, and is not counted.
for (const test of tests) measure(test);
const samples = new Map(tests.map((test) => [test, []]));
for (let round = 0; round < rounds; round += 1) {
  for (const test of tests) samples.get(test).push(measure(test));
}
const least = (test) => Math.min(...samples.get(test));
const results = tests.map((test) => ({
  name: test.name,
  milliseconds: round(least(test), 1),
  added: round(least(test) - least(tests[0]), 1),
}));
const shares = goals.map(({ own, other, bare, limit }) => {
  const share = round((least(own) - least(bare)) / (least(other) - least(bare)), 2);
  return { name: own.name, beside: other.name, share, limit, met: share <= limit };
});
report();

/** Milliseconds of CPU time in all threads of a process, from its start to its end. */
function measure({ code, decided, environment: env = environment }) {
  const tell =
    'const { user, system } = process.cpuUsage(); require("node:fs").writeSync(1, JSON.stringify([user + system, globalThis.decided]));';
  const cwd = join(resolve(values.checkout), 'bench');
  const text = `process.once('exit', () => { ${tell} }); ${code}`;
  const output = execFileSync(process.execPath, ['-e', text], { cwd, env, encoding: 'utf8' });
  const [microseconds, outcome] = JSON.parse(output);
  if ((outcome ?? undefined) !== decided) throw new Error(`The process ended with ${outcome} instead of ${decided}.`);
  return microseconds / 1000;
}

/** Code that opens a trust store on a file and makes one decision. */
async function describeFirstDecision() {
  const chain = writeChain('p-256');
  await openPinned(tools, chain, folder);
  const call = [chain.leaf.toString('base64'), requirement, pathNow].map((each) => JSON.stringify(each)).join();
  return `require('${adapter}');
    const { AccessGate, trustStoreFromFile } = require('@certgate/core');
    const trustStore = trustStoreFromFile(${JSON.stringify(join(folder, 'pinned.json'))});
    trustStore.start().then(() => {
      globalThis.decided = new AccessGate({ trustStore }).decide(${call}).code;
    });`;
}

function round(value, digits) {
  return Number(value.toFixed(digits));
}

function report() {
  const load = loadavg()[0].toFixed(1);
  const machine = `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model.trim()}, ${arch()}, load ${load}`;
  if (values.json) {
    const date = new Date().toISOString().slice(0, 10);
    console.log(JSON.stringify({ machine, date, results, goals: shares }, null, 2));
  } else {
    console.log(`${machine}; ${rounds} processes each, CPU time, the least of them`);
    for (const { name, milliseconds, added } of results) {
      console.log(`${name.padEnd(60)} ${milliseconds.toFixed(1).padStart(6)} ms ${`+${added.toFixed(1)}`.padStart(7)}`);
    }
    for (const { name, beside, share, limit, met } of shares) {
      console.log(`${met ? 'met   ' : 'MISSED'} ${name} adds at most ${limit} times what ${beside} does (${share})`);
    }
  }
  if (shares.some(({ met }) => !met)) process.exitCode = 1;
}
