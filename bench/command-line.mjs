// Measures what commands cost from start to end, with bare Node as the unit: people wait for them, scripts run many,
// and `trust lock` is for an emergency. Fresh processes run in interleaved rounds. The goals are about CPU time,
// because the wall clock would also measure other processes on the machine.
//
//   node bench/command-line.mjs         the table; exits 1 when a goal is missed
//   node bench/command-line.mjs --json  the same as JSON
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { arch, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const rounds = 31;
const tool = fileURLToPath(new URL('../packages/certgate/bin/certgate.js', import.meta.url));
// The environment of this machine, without what would load code into the processes or change what the commands do.
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(?:npm_|certgate_|node_options$|node_v8_coverage$)/i.test(name)),
);
const folder = mkdtempSync(join(tmpdir(), 'certgate-command-line-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

// Every measured process loads this file, bare Node included. At its end, the file writes the CPU time of all threads.
const meter = join(folder, 'meter.cjs');
const usage = join(folder, 'usage');
writeFileSync(
  meter,
  `process.once('exit', () => {
    const { user, system } = process.cpuUsage();
    require('node:fs').writeFileSync(${JSON.stringify(usage)}, String(user + system));
  });`,
);

const store = ['--store', 'file:trust.json'];
const pin = ['--thumbprint-sha256', 'ab'.repeat(32)];
const bare = { name: 'bare Node', words: ['-e', '0'] };
const commands = [
  { name: '--version', words: ['--version'], limit: 2 },
  { name: '--help', words: ['--help'], limit: 2 },
  { name: 'trust list', words: ['trust', 'list', ...store], limit: 3 },
  { name: 'trust lock', words: ['trust', 'lock', ...store], limit: 3 },
  { name: 'trust add', words: ['trust', 'add', 'another', ...pin, '--reason', 'bench', ...store] },
  { name: 'trust --help', words: ['trust', '--help'] },
  { name: 'doctor --help', words: ['doctor', '--help'] },
  { name: 'certificate create', words: ['certificate', 'create', 'caller', '--pem', '--no-pfx', '--force'] },
  // No server listens on this port.
  { name: 'call, without an answer', words: ['call', 'https://127.0.0.1:1/'], exitCode: 1 },
].map((command) => ({ ...command, words: [tool, ...command.words] }));
const document = createDocument();

for (const test of [bare, ...commands]) measure(test);
const samples = new Map([bare, ...commands].map((test) => [test, []]));
for (let round = 0; round < rounds; round += 1) {
  for (const [test, measured] of samples) measured.push(measure(test));
}

const unit = summarize(bare);
const results = commands.map(({ name, limit }, index) => {
  const { cpu, wall } = summarize(commands[index]);
  const ratio = round2(cpu / unit.cpu);
  return {
    name,
    cpu,
    ratio,
    wallRatio: round2(wall / unit.wall),
    ...(limit === undefined ? {} : { limit, met: ratio <= limit }),
  };
});
report();

/** The milliseconds that a process takes: CPU time of all threads, and time by the clock. */
function measure({ name, words, exitCode = 0 }) {
  // Each command gets the original document: it could not lock a locked document again, or add a name twice.
  if (document !== undefined) writeFileSync(join(folder, 'trust.json'), document);
  // Removes the figure of the earlier process, so that it is never read as this one's.
  rmSync(usage, { force: true });
  const start = performance.now();
  const { status, stderr } = spawnSync(process.execPath, ['--require', meter, ...words], {
    cwd: folder,
    env: environment,
    encoding: 'utf8',
  });
  const wall = performance.now() - start;
  if (status !== exitCode) throw new Error(`${name} ended with ${status}: ${stderr}`);
  return { cpu: Number(readFileSync(usage, 'utf8')) / 1000, wall };
}

/** The text of a document with some callers. */
function createDocument() {
  const run = (...words) =>
    execFileSync(process.execPath, [tool, 'trust', ...words], { cwd: folder, env: environment });
  run('init', '--reason', 'bench', ...store);
  for (let index = 10; index < 20; index += 1) {
    const thumbprint = String(index).repeat(32);
    run('add', `caller-${index}`, '--thumbprint-sha256', thumbprint, '--reason', 'bench', ...store);
  }
  return readFileSync(join(folder, 'trust.json'));
}

function summarize(test) {
  const measured = samples.get(test);
  return { cpu: median(measured.map(({ cpu }) => cpu)), wall: median(measured.map(({ wall }) => wall)) };
}

function median(values) {
  return [...values].sort((left, right) => left - right)[Math.floor(values.length / 2)];
}

function round2(value) {
  return Number(value.toFixed(2));
}

function report() {
  const load = loadavg()[0].toFixed(1);
  const machine = `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model.trim()}, ${arch()}, load ${load}`;
  if (process.argv.includes('--json')) {
    console.log(JSON.stringify({ machine, date: new Date().toISOString().slice(0, 10), unit, results }, null, 2));
  } else {
    console.log(`${machine}; ${rounds} processes each, median`);
    console.log(`${bare.name}: ${unit.cpu.toFixed(1)} ms of CPU, ${unit.wall.toFixed(1)} ms by the clock`);
    // Node reads these certificates at each start, which takes much of its time.
    if ('NODE_EXTRA_CA_CERTS' in environment) console.log('with the certificates of NODE_EXTRA_CA_CERTS');
    console.log(`${'times bare Node'.padEnd(26)}   CPU  clock`);
    for (const { name, ratio, wallRatio, limit, met } of results) {
      const goal = limit === undefined ? '' : `  ${met ? 'met' : 'MISSED'} (at most ${limit})`;
      console.log(`${name.padEnd(26)} ${ratio.toFixed(2).padStart(5)} ${wallRatio.toFixed(2).padStart(6)}${goal}`);
    }
  }
  if (results.some(({ met }) => met === false)) process.exitCode = 1;
}
