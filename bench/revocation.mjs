// Measures how long a disabled caller is still admitted: eight processes under load read one blob of a real Azurite
// once a second, and the real tool disables one caller after the other.
//
//   node bench/revocation.mjs         the table; exits 1 when a goal is missed or anybody was answered wrongly
//   node bench/revocation.mjs --json  the same as JSON
//
// It needs what `npm test` builds: `npx tsc -b packages/certgate tests`.
import { mkdtempSync, rmSync } from 'node:fs';
import { arch, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { startAzurite } from '../tests/dist/test-support/azurite.js';
import { createRevocationStage, expectNoWrongAnswer, revoke } from '../tests/dist/test-support/revocation.js';

const repetitions = 20;
const processes = 8;
const requestsPerSecond = 200;
const refreshIntervalSeconds = 1;
const goalMilliseconds = (refreshIntervalSeconds + 1) * 1000;

const folder = mkdtempSync(join(tmpdir(), 'certgate-bench-revocation-'));
const azurite = await startAzurite();
try {
  const stage = await createRevocationStage(azurite, {
    folder,
    workerCount: processes,
    victimCount: repetitions,
    refreshIntervalSeconds,
    requestsPerSecond,
  });
  try {
    await measure(stage);
  } finally {
    await stage.stop();
  }
} finally {
  await azurite.stop();
  rmSync(folder, { recursive: true, force: true });
}

async function measure(stage) {
  const began = performance.now();
  const revocations = [];
  for (const victim of stage.victims) revocations.push(await revoke(stage, victim));
  const seconds = (performance.now() - began) / 1000;
  // Throws if a disabled caller was admitted again, or if a caller that wasn't disabled was refused.
  const { requests } = await expectNoWrongAnswer(stage);
  const afterEnd = summarize(revocations.map(({ afterEndMilliseconds }) => afterEndMilliseconds));
  const afterStart = summarize(revocations.map(({ afterStartMilliseconds }) => afterStartMilliseconds));
  const isMet = afterEnd.maximum <= goalMilliseconds;
  if (!isMet) process.exitCode = 1;
  const result = {
    processes,
    repetitions,
    refreshIntervalSeconds,
    requests,
    requestsPerSecond: Math.round(requests / seconds),
    afterEndMilliseconds: afterEnd,
    afterStartMilliseconds: afterStart,
    goalMilliseconds,
    isMet,
    node: process.version,
    machine: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, ${arch()}, load ${loadavg()[0]?.toFixed(1) ?? '?'}`,
  };
  if (process.argv.includes('--json')) console.log(JSON.stringify(result, undefined, 2));
  else print(result);
}

function summarize(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return { minimum: sorted[0], median: sorted[Math.floor(sorted.length / 2)], maximum: sorted.at(-1) };
}

function print({ afterEndMilliseconds, afterStartMilliseconds, requests, isMet, node, machine, ...result }) {
  console.log(`${node}, ${machine}`);
  console.log(
    `${processes} processes, ${repetitions} repetitions, refresh ${refreshIntervalSeconds} s; ${requests} requests, ${result.requestsPerSecond} a second\n`,
  );
  console.log('ms until the last request of the disabled caller was let in   min   median      max');
  printRow('after `trust disable` had ended', afterEndMilliseconds);
  printRow('after `trust disable` was started', afterStartMilliseconds);
  console.log(`\nNobody else was refused, and nobody came back.`);
  console.log(`${isMet ? 'met' : 'MISSED'}: at most ${goalMilliseconds} ms after its end (refresh + 1 s)`);
}

function printRow(name, { minimum, median, maximum }) {
  const columns = [minimum, median, maximum].map((value) => String(value).padStart(9)).join('');
  console.log(`  ${name.padEnd(55)}${columns}`);
}
