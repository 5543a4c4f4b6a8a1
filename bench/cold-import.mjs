// What loading the adapter adds to the start of a process; an app pays it at every cold start. Fresh processes, in
// interleaved rounds, and CPU time: the wall clock measures whoever else is at work on the machine too.
//
//   npm run bench:import            the table; exits 1 when a goal is missed
//   npm run bench:import -- --json  the same as JSON
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { arch, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pathNow, writeChain } from '@certgate/x509/test-support/written-path.js';
import * as tools from '@certgate/core/internal';
import { openPinned, requirement } from './warm-decisions.mjs';

const rounds = 41;
const adapter = '@certgate/azure-functions';
const library = '@azure/functions';
// Of what the library adds, which every app loads anyway. A share, since the machines of two runs differ.
const shares = { require: 0.65, import: 0.3 };
// Neither what npm sets nor what a developer has set may load anything into the processes that are measured.
const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(?:node|npm)_/i.test(name)));

const bare = { name: 'bare Node', code: '0' };
const required = { name: `require('${adapter}')`, code: `require('${adapter}')` };
const imported = { name: `import('${adapter}')`, code: `import('${adapter}')` };
const libraryRequired = { name: `require('${library}')`, code: `require('${library}')` };
const libraryImported = { name: `import('${library}')`, code: `import('${library}')` };
// No packaging can save these: Node loads its own modules, and what resolves an import, when they are first asked for.
const builtins = { name: "Node's own modules that it needs", code: listBuiltins().map(toRequire).join('; ') };
const nothing = { name: 'import of an empty module', code: "import('data:text/javascript,0')" };
const folder = mkdtempSync(join(tmpdir(), 'certgate-cold-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
// Parts that are loaded later are not saved where every app comes to them: this shows what is left of them.
const decided = { name: `require, and a first pinned decision`, code: await describeFirstDecision() };
const tests = [bare, required, decided, imported, libraryRequired, libraryImported, builtins, nothing];

for (const { code } of tests) measure(code);
const samples = new Map(tests.map((test) => [test, []]));
for (let round = 0; round < rounds; round += 1) {
  for (const test of tests) samples.get(test).push(measure(test.code));
}

const results = tests.map((test) => ({
  name: test.name,
  milliseconds: round1(median(samples.get(test))),
  added: round1(median(samples.get(test)) - median(samples.get(bare))),
}));
const addedBy = ({ name }) => results.find((result) => result.name === name).added;
const goals = [
  { own: required, other: libraryRequired, limit: shares.require },
  { own: imported, other: libraryImported, limit: shares.import },
].map(({ own, other, limit }) => {
  const share = Number((addedBy(own) / addedBy(other)).toFixed(2));
  return { name: own.name, beside: other.name, share, limit, met: share <= limit };
});
report();

/** Milliseconds of CPU time in all threads of a process, from its start to its end. */
function measure(code) {
  const tell = 'const { user, system } = process.cpuUsage(); require("node:fs").writeSync(1, String(user + system));';
  return Number(run(`process.once('exit', () => { ${tell} }); ${code}`)) / 1000;
}

function run(code) {
  const cwd = fileURLToPath(new URL('.', import.meta.url));
  return execFileSync(process.execPath, ['-e', code], { cwd, env: environment, encoding: 'utf8' });
}

/** A trust store over a file, and the decision of one call. */
async function describeFirstDecision() {
  const chain = writeChain('p-256');
  await openPinned(tools, chain, folder);
  const call = [chain.leaf.toString('base64'), requirement, pathNow].map((each) => JSON.stringify(each)).join();
  return `${required.code};
    const { AccessGate, trustStoreFromFile } = require('@certgate/core');
    const trustStore = trustStoreFromFile(${JSON.stringify(join(folder, 'pinned.json'))});
    trustStore.start().then(() => {
      const { code, detail } = new AccessGate({ trustStore }).decide(${call});
      if (code !== 'allowed') throw new Error(detail);
    });`;
}

/** Those that it loads at once; the others come with their first use. */
function listBuiltins() {
  const note = "const names = new Set(); const { _load: load } = require('node:module'); ";
  const hook = `${note}require('node:module')._load = (name, ...rest) => { if (name.startsWith('node:')) names.add(name); return load(name, ...rest); };`;
  const text = run(`${hook} ${required.code}; require('node:fs').writeSync(1, JSON.stringify([...names]));`);
  const names = JSON.parse(text).filter((name) => name !== 'node:fs');
  if (names.length === 0) throw new Error('The adapter requires nothing of Node: it looks otherwise than expected.');
  return names;
}

function toRequire(name) {
  return `require('${name}')`;
}

function median(values) {
  return [...values].sort((left, right) => left - right)[Math.floor(values.length / 2)];
}

function round1(value) {
  return Number(value.toFixed(1));
}

function report() {
  const load = loadavg()[0].toFixed(1);
  const machine = `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model.trim()}, ${arch()}, load ${load}`;
  if (process.argv.includes('--json')) {
    console.log(JSON.stringify({ machine, date: new Date().toISOString().slice(0, 10), results, goals }, null, 2));
  } else {
    console.log(`${machine}; ${rounds} processes each, CPU time, median`);
    for (const { name, milliseconds, added } of results) {
      console.log(`${name.padEnd(38)} ${milliseconds.toFixed(1).padStart(6)} ms ${`+${added.toFixed(1)}`.padStart(7)}`);
    }
    for (const { name, beside, share, limit, met } of goals) {
      console.log(`${met ? 'met   ' : 'MISSED'} ${name} adds at most ${limit} of what ${beside} does (${share})`);
    }
  }
  if (goals.some(({ met }) => !met)) process.exitCode = 1;
}
