// Measures the memory of a refresh: a real store replaces a document with one of the same size that has other pins. It
// runs in a process of its own, in which nothing else was allocated.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const own = fileURLToPath(import.meta.url);
/** With fewer looks at the memory, the highest of them would not show the peak. */
const fewestLooks = 5;
if (process.argv[1] === own) console.log(JSON.stringify(await measure(process.argv[2], process.argv[3] === 'live')));

/**
 * Measures memory in bytes. `heap`: what the document in use takes on the heap. `added`: the most that a refresh took
 * in addition (the new document, its bytes, and garbage that is not collected yet). With `live`, garbage is collected
 * again and again, so that it is left out. `resident`: the most that the process took more than one without a document,
 * as the operating system reports it.
 */
export function measureRefreshMemory(size, { live = false } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'certgate-bench-memory-'));
  try {
    for (const revision of [1, 2]) writeFileSync(join(folder, `${revision}.json`), createLargeDocument(size, revision));
    const words = ['--expose-gc', own, folder, live ? 'live' : 'all'];
    const { status, stdout } = spawnSync(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
    if (status !== 0) throw new Error('The refresh could not be measured.');
    return JSON.parse(stdout.toString());
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A document with one pin for each identity and no needless spaces: 400,000 identities are 58 MB. */
export function createLargeDocument(size, revision, pins = []) {
  const identities = Array.from({ length: size }, (_, index) => ({
    name: `caller ${index}`,
    roles: ['orders.read'],
    pins: [{ thumbprintSha256: pins[index] ?? randomBytes(32).toString('hex').toUpperCase() }],
  }));
  return JSON.stringify({ schemaVersion: 1, revision, identities });
}

async function measure(folder, isLive) {
  const { trustStoreFromFile } = await import('@certgate/core');
  const file = join(folder, 'trust.json');
  renameSync(join(folder, '1.json'), file);
  const empty = { used: await settle(), resident: process.memoryUsage.rss() };
  const store = trustStoreFromFile(file, { refreshIntervalSeconds: 3_600, readTimeoutSeconds: 60 });
  await store.start();
  const before = await settle();
  renameSync(join(folder, '2.json'), file);
  let peak = 0;
  let looks = 0;
  let isRunning = true;
  let nextCollection = 0;
  const look = () => {
    peak = Math.max(peak, countUsed());
    looks += 1;
  };
  const turn = () => {
    const now = performance.now();
    if (isLive && now >= nextCollection) {
      globalThis.gc();
      look();
      // A collection takes longer than the work between two turns, so at most half of the time is spent on collecting.
      nextCollection = 2 * performance.now() - now;
    }
    if (!isLive) look();
    if (isRunning) setImmediate(turn);
  };
  setImmediate(turn);
  const start = performance.now();
  await store.start();
  const milliseconds = performance.now() - start;
  isRunning = false;
  if (store.report().revision !== 2) throw new Error(store.report().fault ?? 'not read');
  if (looks < fewestLooks) throw new Error(`The memory was looked at ${looks} times during the refresh.`);
  const heap = before - empty.used;
  const resident = process.resourceUsage().maxRSS * 1024 - empty.resident;
  return { heap, added: peak - before, resident, ratio: (peak - before) / heap, milliseconds };
}

function countUsed() {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function settle() {
  for (let round = 0; round < 3; round += 1) {
    globalThis.gc();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return countUsed();
}
