// npm run prove -- fuzzing [--minutes 60] [--only TARGET] [--keep]: coverage-guided fuzzing by jazzer.js (libFuzzer),
// one target after the other, each for its share of the time. --keep puts the inputs that reach something new into the
// corpus.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { describeRun, writeResult } from '../run-record.mjs';
import { loadTarget, readCorpus, shares, targetNames } from './targets.mjs';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    only: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
});
const minutes = Number(values.minutes);
const here = fileURLToPath(new URL('.', import.meta.url));
const root = join(here, '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'certgate-fuzzing-'));

/** The most octets, and below the most inputs, that a run adds to the corpus of one target. */
const maximumKeptLength = 12_000;
const maximumKept = 40;

if (!(minutes > 0) || (values.only !== undefined && !targetNames.includes(values.only))) {
  console.error(`Usage: npm run prove -- fuzzing [--minutes N] [--only ${targetNames.join('|')}] [--keep]`);
  process.exit(2);
}

/** Runs one target, and returns its figures and findings. */
async function fuzz(name, seconds) {
  const target = await loadTarget(name);
  const [begun, grown, artifacts] = ['begun', 'grown', 'artifacts'].map((each) => join(folder, name, each));
  for (const each of [begun, grown, artifacts]) mkdirSync(each, { recursive: true });
  const known = new Set(target.inputs.map((input) => writeInput(begun, input)));
  const dictionary = join(folder, name, 'dictionary');
  writeFileSync(dictionary, (target.dictionary ?? []).map((text) => `"${escapeEntry(text)}"\n`).join(''));
  const options = [`-max_len=${target.maximumLength}`, `-artifact_prefix=${artifacts}/`];
  const words = isAsync(target) ? [] : ['--sync'];
  const start = Date.now();
  const { text, cpuSeconds, ending } = await jazzer(name, [grown, begun], words, [
    ...options,
    ...[`-max_total_time=${seconds}`, `-dict=${dictionary}`, '-print_final_stats=1'],
  ]);
  const executions = readNumber(text, /stat::number_of_executed_units:\s*(\d+)/) ?? readLast(text, /^#(\d+)\s/gm) ?? 0;
  const finds = readdirSync(artifacts).map((file) => describeFind(join(artifacts, file), text));
  if (finds.length === 0 && executions === 0) {
    console.error(`${name}: no input was run (${ending})\n${text.slice(-2000)}`);
    rmSync(folder, { recursive: true, force: true });
    process.exit(2);
  }
  // Node.js ends with another exit code if it is out of memory, and leaves no input.
  if (finds.length === 0 && ending !== 'exit code 0') finds.push(`the fuzzer ended with ${ending}, and left no input`);
  // Merges the new inputs into the earlier ones: the fewest that reach as much as all of them.
  if (finds.length === 0) await jazzer(name, [begun, grown], words, [...options, '-merge=1']);
  const added = readdirSync(begun).filter((file) => !known.has(file));
  if (values.keep && finds.length === 0)
    keep(
      name,
      added.map((file) => readFileSync(join(begun, file))),
    );
  const result = {
    name,
    commit: run.commit,
    date: run.date,
    seconds: Math.round((Date.now() - start) / 1000),
    cpuSeconds: Math.round(cpuSeconds),
    executions,
    inputs: target.inputs.length,
    edgesAtStart: readNumber(text, /INITED cov: (\d+)/) ?? 0,
    edges: readLast(text, /cov: (\d+)/g) ?? 0,
    newInputs: added.length,
    finds,
  };
  console.log(
    `${name}: ${result.executions} inputs in ${result.seconds} s, ${result.edges} edges (${result.edgesAtStart} at the start), found ${finds.length}`,
  );
  return result;
}

function isAsync({ fuzz: work }) {
  return work.constructor.name === 'AsyncFunction';
}

function writeInput(to, input) {
  const file = createHash('sha1').update(input).digest('hex');
  writeFileSync(join(to, file), input);
  return file;
}

const escapeEntry = (text) =>
  Array.from(Buffer.from(text), (octet) => `\\x${octet.toString(16).padStart(2, '0')}`).join('');

/**
 * Runs jazzer.js. @returns its output, its CPU time and how it ended. A finding ends the fuzzer with an exit code of
 * its own, and leaves its input in the folder of artifacts.
 */
function jazzer(name, folders, words, options) {
  const command = join(here, 'node_modules', '.bin', 'jazzer');
  const given = [
    join(here, 'targets', `${name}.mjs`),
    ...folders,
    ...words,
    ...['--timeout=30000', '-i', join(root, 'packages/'), '-i', join(root, 'conformance/decision/dist/reference/')],
    ...['--', ...options],
  ];
  const child = spawn(command, given, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  return new Promise((resolve, reject) => {
    let text = '';
    const add = (chunk) => {
      text = `${text}${chunk}`;
      // Keeps the beginning and the end of a long output. Between them is one line for each new input.
      if (text.length > 4_000_000) text = text.slice(0, 1_000_000) + text.slice(-1_000_000);
    };
    child.stdout.setEncoding('utf8').on('data', add);
    child.stderr.setEncoding('utf8').on('data', add);
    let cpuSeconds = 0;
    const timer = setInterval(() => {
      cpuSeconds = readCpuSeconds(child.pid) ?? cpuSeconds;
    }, 1000);
    child.on('error', reject).on('close', (code, signal) => {
      clearInterval(timer);
      resolve({ text, cpuSeconds, ending: signal ?? `exit code ${code}` });
    });
  });
}

/**
 * The CPU time of a process, which Linux gives in ticks of 10 ms. On a busy machine, the time by the clock says little.
 */
function readCpuSeconds(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return undefined;
  }
}

/** Describes a finding, and prints its input as well, because an input that crashes helps more than its description. */
function describeFind(file, text) {
  const input = readFileSync(file).toString('base64');
  const lines = text
    .slice(text.search(/^==\d+==|Error|SUMMARY/m))
    .split('\n')
    .slice(0, 12)
    .join('\n');
  console.error(`${lines}\n  input, in base64: ${input}`);
  return `${
    lines
      .split('\n')
      .find((line) => /error/i.test(line))
      ?.trim()
      .slice(0, 200) ?? 'crash'
  } (${input.slice(0, 4000)})`;
}

const readNumber = (text, pattern) => {
  const found = pattern.exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
};

const readLast = (text, pattern) => {
  const last = [...text.matchAll(pattern)].at(-1)?.[1];
  return last === undefined ? undefined : Number(last);
};

/**
 * Adds the shortest inputs to the corpus, up to both limits, because the corpus is committed and the tests run all of
 * it.
 */
function keep(name, inputs) {
  const corpus = readCorpus(name);
  const found = [...(corpus.found ?? [])];
  let length = 0;
  for (const input of inputs.toSorted((one, other) => one.length - other.length).slice(0, maximumKept)) {
    length += input.length;
    if (length > maximumKeptLength) break;
    found.push(input.toString('base64'));
  }
  const file = join(here, 'corpus', `${name}.json`);
  writeFileSync(file, `${JSON.stringify({ ...corpus, found }, null, 2)}\n`);
}

const install = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--prefix', here], {
  stdio: ['ignore', 'ignore', 'inherit'],
});
if (install.status !== 0) process.exit(2);

const names = values.only === undefined ? targetNames : [values.only];
const total = names.reduce((sum, name) => sum + shares[name], 0);
const only = values.only === undefined ? '' : ` --only ${values.only}`;
const run = describeRun(`npm run prove -- fuzzing --minutes ${values.minutes}${only}`);
/** With --only, the rows of other targets stay as an earlier run left them. Each row names its commit. */
const rows = new Map(values.only === undefined ? [] : readRows().map((row) => [row.name, row]));
let found = [];
for (const name of names) {
  rows.set(name, await fuzz(name, Math.max(Math.round((minutes * 60 * shares[name]) / total), 1)));
  found = write([...rows.values()]);
}
rmSync(folder, { recursive: true, force: true });
process.exit(found.length === 0 ? 0 : 1);

function readRows() {
  const file = join(root, 'proof', 'results', 'fuzzing.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).targets : [];
}

/** Writes the results after each target, so that a run that is cut short keeps what it did. */
function write(targets) {
  const finds = targets.flatMap((target) => target.finds.map((find) => `${target.name}: ${find}`));
  const sum = (member) => targets.reduce((all, target) => all + (target[member] ?? 0), 0);
  const [executions, seconds, cpuSeconds] = ['executions', 'seconds', 'cpuSeconds'].map(sum);
  const onProcessor = targets.every((target) => target.cpuSeconds > 0)
    ? ` (${Math.round(cpuSeconds / 60)} of them on a processor)`
    : '';
  const fuzzer = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8')).dependencies['@jazzer.js/core'];
  const summary = [
    `${executions.toLocaleString('en')} inputs in ${Math.round(seconds / 60)} minutes${onProcessor}, over ${targets.length} targets, by jazzer.js ${fuzzer} in one process.`,
    finds.length === 0 ? 'Nothing was found.' : `Found: ${finds.length}.`,
  ];
  writeResult('fuzzing', run, { summary, fuzzer, executions, seconds, cpuSeconds, found: finds, targets });
  return finds;
}
