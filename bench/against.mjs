// Compares this checkout with another one. Warm decisions and refusals of unknown callers run in one process, in
// alternating rounds. The costs of a start and of a first sight (the first decision about a caller) come from the
// scripts for them, which run for both checkouts in turns. The other checkout must be built:
//
//   git worktree add ../certgate-before d361273 && (cd ../certgate-before && npm ci && npm run build)
//   node bench/against.mjs ../certgate-before         the tables; exits 1 when a warm decision is slower than there
//   node bench/against.mjs ../certgate-before --json  the same as JSON
//   … --warm                                          without starts and first sights, which take ten minutes
import { spawnSync } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { arch, cpus, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { pathNow, writeChain } from '@certgate/x509/test-support/written-path.js';
import { openIssued, openPinned, requirement } from './warm-decisions.mjs';

const rounds = 61;
const callsPerRound = 5000;
/** The ratio by which two runs of the same code may differ. */
const noise = 1.03;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false }, warm: { type: 'boolean', default: false } },
});
const [other] = positionals;
if (other === undefined) {
  console.error('usage: node bench/against.mjs CHECKOUT [--json] [--warm]');
  process.exit(2);
}
const root = new URL('..', import.meta.url);
/**
 * For each script, its arguments and a function that lists the rows of its output: a name, and a number of which less
 * is better.
 */
const scripts = [
  [
    'cold-import.mjs',
    ['--rounds', '15'],
    ({ goals }) => [['a start, times what `@azure/functions` adds', goals[0].share]],
  ],
  [
    'first-sight.mjs',
    [],
    ({ results }) =>
      results.flatMap(({ name, microseconds, beside, compared }) => [
        [`${name}, µs`, microseconds],
        ...(compared === undefined ? [] : [[`${name}, times ${beside}`, microseconds / compared]]),
      ]),
  ],
  [
    'many-callers.mjs',
    [],
    ({ results, goals }) => [
      ...results.flatMap(({ name, microseconds, ratio, firstRatio }) => [
        [`in a server: ${name}, µs`, microseconds],
        [`in a server: ${name}, times bare`, ratio],
        ...(firstRatio === undefined ? [] : [[`in a server: ${name}, the first 400, times bare`, firstRatio]]),
      ]),
      [`in a server: ${goals.at(-1).name}`, goals.at(-1).value],
    ],
  ],
];
const turns = 2;
const sides = { before: await load(pathToFileURL(`${resolve(other)}/`)), after: await load(root) };
const folder = mkdtempSync(join(tmpdir(), 'certgate-against-'));
try {
  const warm = [...(await measure('p-256', 'EC P-256')), ...(await measure('rsa-2048', 'RSA 2048'))];
  report(warm, values.warm ? [] : compareScripts());
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Loads the modules of the build and not the bundles, so that both sides run the same kind of files. */
async function load(checkout) {
  const [entry] = ['internal', 'tools', 'index']
    .map((name) => new URL(`packages/core/dist/esm/${name}.js`, checkout))
    .filter((url) => existsSync(url));
  if (entry === undefined) throw new Error(`${checkout.pathname} is not built.`);
  return import(entry.href);
}

async function measure(kind, key) {
  const chain = writeChain(kind);
  const gates = {};
  for (const [side, library] of Object.entries(sides)) {
    gates[side] = {
      pinned: await openPinned(library, chain, folder),
      issued: await openIssued(library, chain, folder),
    };
  }
  const leaf = chain.leaf.toString('base64');
  const strangers = Array.from({ length: 500 }, () => randomFillSync(Buffer.from(chain.leaf), chain.leaf.length - 48));
  const unknown = strangers.map((der) => Buffer.from(der.toString('base64'), 'latin1'));
  return [
    pair(
      `${key}: a warm decision, pinned`,
      'warm',
      ({ pinned }) => pinned,
      () => leaf,
      'allowed',
    ),
    pair(
      `${key}: a warm decision, by an authority`,
      'warm',
      ({ issued }) => issued,
      () => leaf,
      'allowed',
    ),
    pair(
      `${key}: a stranger's refusal`,
      'stranger',
      ({ pinned }) => pinned,
      (index) => unknown[index % unknown.length].toString('latin1'),
      'certificate_not_trusted',
    ),
  ];

  function pair(name, what, choose, makeHeader, expected) {
    const times = { before: [], after: [] };
    for (let round = 0; round <= rounds; round += 1) {
      // The side that comes second finds warmer caches, so they alternate.
      const order = round % 2 === 0 ? ['before', 'after'] : ['after', 'before'];
      for (const side of order) {
        const headers = Array.from({ length: callsPerRound }, (_, index) => makeHeader(index));
        const nanoseconds = time(choose(gates[side]), headers, expected);
        // Round 0 is left out: it makes the decision that the gate remembers.
        if (round > 0) times[side].push(nanoseconds);
      }
    }
    return { name, what, before: median(times.before), after: median(times.after) };
  }
}

/** Nanoseconds of CPU time per call. The wall clock would also measure other processes on the machine. */
function time(gate, headers, expected) {
  const started = process.cpuUsage();
  for (const header of headers) {
    const decision = gate.decide(header, requirement, pathNow);
    if (decision.code !== expected) throw new Error(`${decision.code}: ${decision.detail}`);
  }
  const { user, system } = process.cpuUsage(started);
  return Math.round(((user + system) * 1000) / headers.length);
}

/**
 * Compares the least value of each side's turns, because other work on the machine makes a turn slower and never
 * faster.
 */
function compareScripts() {
  const least = new Map();
  for (let turn = 0; turn < turns; turn += 1) {
    for (const [script, words, listRows] of scripts) {
      const order = [
        ['before', resolve(other)],
        ['after', fileURLToPath(root)],
      ];
      for (const [side, checkout] of turn % 2 === 0 ? order : order.reverse()) {
        for (const [name, value] of listRows(runScript(script, [...words, '--checkout', checkout]))) {
          const row = least.get(name) ?? { name };
          least.set(name, { ...row, [side]: Math.min(row[side] ?? Infinity, value) });
        }
      }
    }
  }
  return [...least.values()];
}

function runScript(script, words) {
  const file = fileURLToPath(new URL(script, import.meta.url));
  const { stdout, stderr } = spawnSync(process.execPath, [file, ...words, '--json'], { encoding: 'utf8' });
  if (stdout === '') throw new Error(`${script}: ${stderr}`);
  return JSON.parse(stdout);
}

function median(numbers) {
  return numbers.toSorted((left, right) => left - right)[Math.floor(numbers.length / 2)];
}

function report(warm, costs) {
  if (values.json) console.log(JSON.stringify({ results: warm, costs }, null, 2));
  else {
    const load = loadavg()[0].toFixed(1);
    const machine = `Node ${process.version}, ${cpus().length} × ${cpus()[0].model.trim()}, ${arch()}, load ${load}`;
    console.log(`${new Date().toISOString().slice(0, 10)}, ${machine}`);
    printTable('ns, median', warm, 0);
    if (costs.length > 0) printTable(`CPU time, the least of ${turns}`, costs, 2);
  }
  const isSlower = warm.some(({ what, before, after }) => what === 'warm' && after > before * noise);
  if (isSlower) process.exitCode = 1;
}

function printTable(title, rows, digits) {
  console.log(`\n| ${title} | before | after | ratio |\n|---|---|---|---|`);
  for (const { name, before, after } of rows)
    console.log(`| ${name} | ${before.toFixed(digits)} | ${after.toFixed(digits)} | ${(after / before).toFixed(2)} |`);
}
