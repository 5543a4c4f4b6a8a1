// What loading the adapter adds to the start of a process; an app pays it at every cold start. Fresh processes, in
// interleaved rounds, and CPU time: the wall clock measures whoever else is at work on the machine too.
//
//   npm run bench:import            the table; exits 1 when a goal is missed
//   npm run bench:import -- --json  the same as JSON
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';

const rounds = 41;
const limitMilliseconds = 20;
const adapter = '@certgate/azure-functions';
const require = createRequire(import.meta.url);
// Neither what npm sets nor what a developer has set may load anything into the processes that are measured.
const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(?:node|npm)_/i.test(name)));

const bare = { name: 'bare Node', code: '0' };
const required = { name: `require('${adapter}')`, code: `require('${adapter}')` };
const imported = { name: `import('${adapter}')`, code: `import('${adapter}')` };
// No packaging can save these: Node loads its own modules, and what resolves an import, when they are first asked for.
const builtins = { name: "Node's own modules that it needs", code: listBuiltins().map(toRequire).join('; ') };
const nothing = { name: 'import of an empty module', code: "import('data:text/javascript,0')" };
const tests = [bare, required, imported, builtins, nothing];

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
const goals = [required, imported].map(({ name }) => {
  const { added } = results.find((result) => result.name === name);
  return { name, added, limit: limitMilliseconds, met: added <= limitMilliseconds };
});
report();

/** Milliseconds of CPU time in all threads of a process, from its start to its end. */
function measure(code) {
  const tell = 'const { user, system } = process.cpuUsage(); require("node:fs").writeSync(1, String(user + system));';
  const text = execFileSync(process.execPath, ['-e', `process.once('exit', () => { ${tell} }); ${code}`], {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    env: environment,
    encoding: 'utf8',
  });
  return Number(text) / 1000;
}

function listBuiltins() {
  const texts = [adapter, '@certgate/core'].map((name) => readFileSync(require.resolve(name), 'utf8'));
  const names = texts.flatMap((text) =>
    [...text.matchAll(/^var \w+ = require\("(node:[\w/]+)"\)/gm)].map(([, name]) => name),
  );
  if (names.length === 0) throw new Error('The bundles require nothing of Node: they look otherwise than expected.');
  return [...new Set(names)];
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
    for (const { name, added, limit, met } of goals) {
      console.log(`${met ? 'met   ' : 'MISSED'} ${name} adds at most ${limit} ms (${added} ms)`);
    }
  }
  if (goals.some(({ met }) => !met)) process.exitCode = 1;
}
