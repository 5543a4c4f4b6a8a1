// Runs `npm test` several times, to find tests that fail now and then: `npm test -- --repeat 5 --busy 2` runs it five
// times, and the last two of these with processes that keep every processor busy. In each run, other files share a
// process, in another order: CERTGATE_TEST_SEED=3 npm test repeats the third run. Folders and files may follow, as for
// `npm test`. Exits with 1 when a run failed, and keeps the output of such a run.
import './check-node.mjs';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { readWords } from './read-words.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { runs, busyRuns, chosen } = readArguments();
const folder = mkdtempSync(join(os.tmpdir(), 'certgate-test-repeat-'));
const children = new Set();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(130));
let failures = 0;
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  if (failures === 0) rmSync(folder, { recursive: true, force: true });
});

for (let run = 1; run <= runs; run += 1) {
  const isBusy = run > runs - busyRuns;
  console.log(`Run ${run} of ${runs}${isBusy ? `, beside ${os.availableParallelism()} busy processes` : ''} …`);
  const result = await runTests(run, isBusy);
  if (!result.isPassed) failures += 1;
  describe(result);
}
console.log(failures === 0 ? `All ${runs} runs passed.` : `${failures} of ${runs} runs failed.`);
process.exitCode = failures === 0 ? 0 : 1;

function readArguments() {
  const usage = 'npm test -- --repeat RUNS [--busy HOW_MANY_OF_THEM] [FOLDER_OR_FILE ...]';
  const { values, positionals } = readWords(usage, { options: { busy: { type: 'string' } }, allowPositionals: true });
  const [runs = Number.NaN, busyRuns] = [positionals[0], values.busy ?? '0'].map(Number);
  const isUsable = Number.isSafeInteger(runs) && runs > 0 && Number.isSafeInteger(busyRuns) && busyRuns >= 0;
  if (!isUsable || busyRuns > runs) {
    console.error(usage);
    process.exit(2);
  }
  return { runs, busyRuns, chosen: positionals.slice(1) };
}

async function runTests(run, isBusy) {
  const busy = isBusy ? Array.from({ length: os.availableParallelism() }, startBusyProcess) : [];
  const [reportFile, outputFile] = ['json', 'txt'].map((ending) => join(folder, `run-${run}.${ending}`));
  const began = { wall: performance.now(), cpu: readSecondsOfChildren() };
  try {
    const env = { ...process.env, CERTGATE_TEST_REPORT: reportFile, CERTGATE_TEST_SEED: String(run) };
    const words = [join(root, 'scripts', 'test.mjs'), ...chosen];
    const child = start(words, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => (output += text));
    const [status, signal] = await once(child, 'close');
    // Measured before the busy processes end, because their time would be included afterwards.
    const cpu = readSecondsOfChildren() - began.cpu;
    const wall = (performance.now() - began.wall) / 1000;
    const isPassed = status === 0;
    if (!isPassed) writeFileSync(outputFile, output);
    // The file is missing if no test ran, for example because something doesn't compile.
    const { tests, failed } = existsSync(reportFile) ? JSON.parse(readFileSync(reportFile, 'utf8')) : {};
    return { isPassed, ended: signal ?? status, tests, failed, wall, cpu, outputFile };
  } finally {
    await Promise.all(busy.map(end));
  }
}

function start(words, options) {
  const child = spawn(process.execPath, words, options);
  children.add(child);
  child.once('exit', () => children.delete(child));
  return child;
}

/**
 * Starts a process that keeps a processor busy. It listens between its turns, so that it ends when this process ends,
 * for whatever reason.
 */
function startBusyProcess() {
  const code = `process.once('disconnect', () => process.exit());
    (function work() { for (const end = Date.now() + 50; Date.now() < end; ); setImmediate(work); })();`;
  return start(['--eval', code], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
}

async function end(child) {
  const ended = once(child, 'exit');
  if (child.kill('SIGKILL')) await ended;
}

/**
 * The CPU time in seconds of all processes that were started here and have ended, including those that they started.
 * NaN if the system doesn't show it.
 */
function readSecondsOfChildren() {
  try {
    // proc_pid_stat(5): cutime and cstime, in hundredths of a second on Linux. The process name before them may contain
    // spaces.
    const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1].split(' ');
    return (Number(fields[13]) + Number(fields[14])) / 100;
  } catch {
    return Number.NaN;
  }
}

function describe({ isPassed, ended, tests, failed = [], wall, cpu, outputFile }) {
  const seconds = `${wall.toFixed(0)} s${Number.isNaN(cpu) ? '' : `, ${cpu.toFixed(0)} s of CPU time`}`;
  const counted = tests === undefined ? 'no test ended' : `${tests} tests, ${failed.length} failed`;
  console.log(`  ${isPassed ? 'passed' : `FAILED (${ended})`}: ${counted}; ${seconds}`);
  for (const name of failed) console.log(`    ${name}`);
  if (!isPassed) console.log(`    the output: ${outputFile}`);
}
