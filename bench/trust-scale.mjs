// Measures what a large trust document costs: 10 to 400,000 identities of one pin each, in one run. The largest is
// nearly the most that fits into the 64 MiB of a document.
//
//   node bench/trust-scale.mjs         the table; exits 1 when a goal is missed
//   node bench/trust-scale.mjs --json  the same as JSON
//
// "lookup" is findInSnapshot of pinned certificates in random order. "loop delay" is how long other work had to wait,
// from one turn of the event loop to the next, while a store reads a new document from a file and the gate decides once
// in each turn. If enough turns take a millisecond or more, the shorter ones are left out. The memory is measured by
// refresh-memory.mjs, in a process of its own.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { arch, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  AccessGate,
  findInSnapshot,
  parseTrustDocument,
  parseTrustDocumentInSlices,
  trustStoreFromFile,
} from '@certgate/core/internal';
import { createLargeDocument, measureRefreshMemory } from './refresh-memory.mjs';
import { createClientCertificate } from '../packages/certgate/dist/esm/certificates/self-signed-certificate.js';

if (globalThis.gc === undefined) {
  const own = fileURLToPath(import.meta.url);
  const { status } = spawnSync(process.execPath, ['--expose-gc', own, ...process.argv.slice(2)], { stdio: 'inherit' });
  process.exit(status ?? 1);
}

const sizes = [10, 1_000, 100_000, 400_000];
const lookupsPerRound = 20_000;
const rounds = 30;
const refreshes = 3;
const maximumLookupRatio = 3;
const maximumLoopDelay = 50;
const maximumMemoryRatio = 2.5;

const now = Date.now();
const { certificateDer } = createClientCertificate({ name: 'known', keyAlgorithm: 'ec-p256', now: new Date(now) });
const header = certificateDer.toString('base64');
const { thumbprintSha256 } = await readThumbprint();

const documents = sizes.map((size) => createDocument(size));
const lookups = measureLookups();
const results = [];
for (const [index, document] of documents.entries()) {
  results.push({
    identities: sizes[index],
    megabytes: Number((document.text.length / 1e6).toFixed(2)),
    lookupNanoseconds: lookups[index],
    lookupRatio: lookups[index] / lookups[0],
    parseMilliseconds: measureParse(document.text),
    ...(await measureRefresh(document)),
    bytesPerPin: await measureBytes(document),
    ...(sizes[index] < 100_000 ? {} : measureMemory(sizes[index])),
  });
}
const last = results.at(-1);
const goals = [
  {
    name: 'a lookup among 400,000 identities costs at most three times one among 10',
    value: Number(last.lookupRatio.toFixed(2)),
    limit: maximumLookupRatio,
  },
  {
    name: 'a refresh of any size blocks the event loop for at most 50 ms (p99)',
    value: Number(Math.max(...results.map(({ loopDelayP99 }) => loopDelayP99)).toFixed(1)),
    limit: maximumLoopDelay,
  },
  {
    name: 'a refresh of 400,000 pins adds at most 2.5 times the heap of the document in use',
    value: Number(last.addedRatio.toFixed(2)),
    limit: maximumMemoryRatio,
  },
  {
    name: 'of that, and of the document in use, at most 2.5 times its heap is needed at once',
    value: Number((1 + last.neededRatio).toFixed(2)),
    limit: maximumMemoryRatio,
  },
].map((goal) => ({ ...goal, met: goal.value <= goal.limit }));
report();

async function readThumbprint() {
  const { X509Certificate } = await import('node:crypto');
  return { thumbprintSha256: new X509Certificate(certificateDer).fingerprint256.replaceAll(':', '') };
}

function createDocument(size) {
  const values = Array.from({ length: size }, (_, index) =>
    index === size >> 1 ? thumbprintSha256 : randomBytes(32).toString('hex').toUpperCase(),
  );
  // The text in the form in which it comes from a source: decoded from bytes into one flat string.
  const text = Buffer.from(createLargeDocument(size, 1, values)).toString();
  return { text, values };
}

/** Nanoseconds per lookup for each document, measured in interleaved rounds. */
function measureLookups() {
  const stages = documents.map(({ text, values }) => ({
    snapshot: parseTrustDocument(text),
    // The bytes of fresh strings that no lookup has hashed yet, like those that come from the hash of a certificate.
    bytes: Array.from({ length: lookupsPerRound }, () =>
      Buffer.from(values[Math.floor(Math.random() * values.length)], 'latin1'),
    ),
    samples: [],
  }));
  for (let round = 0; round < rounds + 3; round += 1) {
    for (const { snapshot, bytes, samples } of stages) {
      const certificates = bytes.map((each) => ({ thumbprintSha256: each.toString('latin1') }));
      const start = process.hrtime.bigint();
      for (const certificate of certificates) {
        if (findInSnapshot(snapshot, certificate, now).outcome !== 'found') throw new Error('not found');
      }
      // The first three rounds warm up, and are not counted.
      if (round >= 3) samples.push(Number(process.hrtime.bigint() - start) / lookupsPerRound);
    }
  }
  return stages.map(({ samples }) => percentile(samples, 0.5));
}

function measureParse(text) {
  const samples = [];
  for (let round = 0; round < refreshes; round += 1) {
    const start = performance.now();
    parseTrustDocument(text);
    samples.push(performance.now() - start);
  }
  return percentile(samples, 0.5);
}

/**
 * Refreshes a real store from a real file several times, one after the other, with a decision in every turn of the
 * event loop.
 */
async function measureRefresh({ text }) {
  // A small document is read within one turn of the event loop, so a percentile needs more refreshes.
  const times = Math.max(refreshes, Math.min(500, Math.floor(1e6 / text.length)));
  const folder = mkdtempSync(join(tmpdir(), 'certgate-bench-scale-'));
  const path = join(folder, 'trust.json');
  try {
    // The documents are written beforehand. A new one then needs only a rename, so that nearly all measured work is the
    // store's.
    for (let revision = 1; revision <= times + 1; revision += 1) {
      writeFileSync(`${path}.${revision}`, text.replace('"revision":1,', `"revision":${revision},`));
    }
    renameSync(`${path}.1`, path);
    const trustStore = trustStoreFromFile(path, { refreshIntervalSeconds: 3_600, readTimeoutSeconds: 60 });
    await trustStore.start();
    return await measureLoop(trustStore, path, times);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureLoop(trustStore, path, times) {
  const gate = new AccessGate({ trustStore });
  const delays = [];
  const decisions = [];
  let isRunning = true;
  let previous = performance.now();
  const turn = () => {
    const begin = performance.now();
    delays.push(begin - previous);
    previous = begin;
    const decision = gate.decide(header, { functionName: 'Orders', roles: [['orders.read']] }, now);
    if (decision.code !== 'allowed') throw new Error(decision.code);
    decisions.push((performance.now() - begin) * 1000);
    if (isRunning) setImmediate(turn);
  };
  setImmediate(turn);
  const samples = [];
  for (let revision = 2; revision <= times + 1; revision += 1) {
    renameSync(`${path}.${revision}`, path);
    const start = performance.now();
    await trustStore.start();
    samples.push(performance.now() - start);
    if (trustStore.report().revision !== revision) throw new Error(trustStore.report().fault ?? 'not read');
    await new Promise((resolve) => setImmediate(resolve));
  }
  isRunning = false;
  await new Promise((resolve) => setImmediate(resolve));
  // While the file is being read, nothing blocks the event loop. Thousands of such turns would only flatter a
  // percentile, so they are left out. A small document has too few longer turns for a percentile, so all its turns are
  // used. Otherwise the figure would be the longest interruption by the machine.
  const long = delays.filter((delay) => delay >= 1);
  const busy = long.length >= 100 ? long : delays;
  return {
    refreshMilliseconds: percentile(samples, 0.5),
    loopDelayP50: percentile(busy, 0.5),
    loopDelayP99: percentile(busy, 0.99),
    loopDelayMaximum: percentile(delays, 1),
    decisionMicroseconds: percentile(decisions, 0.5),
  };
}

function measureMemory(size) {
  const all = measureRefreshMemory(size);
  // Measured with at most 100,000 pins, because with 400,000 each collection would take a second.
  const needed = measureRefreshMemory(Math.min(size, 100_000), { live: true });
  return { heap: all.heap, addedRatio: all.ratio, neededRatio: needed.ratio, resident: all.resident };
}

/** The bytes that a snapshot keeps on the heap for each pin, without the text. */
async function measureBytes({ text, values }) {
  const copies = Math.max(1, Math.floor(10_000 / values.length));
  const before = heapInUse();
  const kept = [];
  for (let copy = 0; copy < copies; copy += 1) kept.push(await parseTrustDocumentInSlices(Buffer.from(text)));
  const bytes = (heapInUse() - before) / copies / values.length;
  // Uses `kept` after the measurement, so that the snapshots were not collected before.
  return kept.length === copies ? bytes : Number.NaN;
}

function heapInUse() {
  for (let round = 0; round < 3; round += 1) globalThis.gc();
  return process.memoryUsage().heapUsed;
}

function percentile(values, share) {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

function report() {
  const machine = `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model.trim()}, ${arch()}, load ${loadavg()[0]?.toFixed(1)}`;
  if (process.argv.includes('--json')) {
    console.log(JSON.stringify({ machine, date: new Date().toISOString().slice(0, 10), results, goals }, null, 2));
  } else {
    console.log(machine);
    printRow('identities', ({ identities }) => identities.toLocaleString('en'));
    printRow('document, MB', ({ megabytes }) => megabytes.toFixed(2));
    printRow('lookup, ns', ({ lookupNanoseconds }) => lookupNanoseconds.toFixed(0));
    printRow('  beside 10 identities', ({ lookupRatio }) => `× ${lookupRatio.toFixed(2)}`);
    printRow('decision meanwhile, µs', ({ decisionMicroseconds }) => decisionMicroseconds.toFixed(2));
    printRow('parse at once, ms', ({ parseMilliseconds }) => parseMilliseconds.toFixed(1));
    printRow('refresh, ms', ({ refreshMilliseconds }) => refreshMilliseconds.toFixed(1));
    printRow('  loop delay p50, ms', ({ loopDelayP50 }) => loopDelayP50.toFixed(2));
    printRow('  loop delay p99, ms', ({ loopDelayP99 }) => loopDelayP99.toFixed(2));
    printRow('  loop delay max, ms', ({ loopDelayMaximum }) => loopDelayMaximum.toFixed(2));
    printRow('heap per pin, bytes', ({ bytesPerPin }) => bytesPerPin.toFixed(0));
    printRow('a refresh adds', ({ addedRatio }) => (addedRatio ? `× ${addedRatio.toFixed(2)}` : ''));
    printRow('  needed at once', ({ neededRatio }) => (neededRatio ? `× ${neededRatio.toFixed(2)}` : ''));
    printRow('  process, MB', ({ resident }) => (resident ? (resident / 1e6).toFixed(0) : ''));
    for (const { name, value, limit, met } of goals)
      console.log(`${met ? 'met   ' : 'MISSED'} ${name} (${value}, at most ${limit})`);
  }
  if (goals.some(({ met }) => !met)) process.exitCode = 1;
}

function printRow(name, cellOf) {
  console.log(`${name.padEnd(24)}${results.map((result) => cellOf(result).padStart(12)).join('')}`);
}
