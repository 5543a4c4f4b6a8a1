// A process that decides requests by a trust document in a blob, as one instance of an app does, with the real gate,
// the real store and the real SDK. trust-workers.ts forks it.
import { AccessGate, trustStoreFromBlob } from '@certgate/core';
import { loadStorageSdk } from './azurite.js';
import type { CallerTally, FromWorker, ToWorker, WorkerOrders } from './trust-worker-protocol.js';

type Tally = { -readonly [Key in keyof CallerTally]: CallerTally[Key] } & { denied: Record<string, number> };

const tallies = new Map<string, Tally>();
let aim: string | undefined;

function tallyOf(name: string): Tally {
  let tally = tallies.get(name);
  if (tally === undefined) {
    const never = { lastAllowedAt: undefined, lastAllowedAskedAt: undefined, firstDeniedAt: undefined };
    tally = { allowed: 0, denied: {}, readmitted: 0, ...never };
    tallies.set(name, tally);
  }
  return tally;
}

async function work(orders: WorkerOrders): Promise<void> {
  const { account, key, blobUrl, refreshIntervalSeconds, readTimeoutSeconds, requestsPerSecond } = orders;
  const sdk = loadStorageSdk();
  const blob = new sdk.BlobClient(blobUrl, new sdk.StorageSharedKeyCredential(account, key));
  const trustStore = trustStoreFromBlob(blob, { refreshIntervalSeconds, readTimeoutSeconds });
  await trustStore.start?.();
  const gate = new AccessGate({ trustStore });
  const callers = Object.entries(orders.headers);
  let calls = 0;
  const callNext = (): void => {
    calls += 1;
    const [inTurn = ''] = callers[Math.floor(calls / 2) % callers.length] ?? [];
    const name = calls % 2 === 0 ? inTurn : (aim ?? inTurn);
    call(gate, name, orders.headers[name] ?? '').catch((error: unknown) => {
      count(tallyOf(name), `threw ${String(error)}`, Date.now());
    });
  };
  setInterval(callNext, 1_000 / requestsPerSecond);
  tell({ kind: 'ready' });
}

async function call(gate: AccessGate, name: string, header: string): Promise<void> {
  const asked = Date.now();
  const { code } = await gate.decide(header, { functionName: 'Orders', roles: [['reader']] }, asked);
  count(tallyOf(name), code, asked);
}

function count(tally: Tally, code: string, asked: number): void {
  if (code !== 'allowed') {
    tally.denied[code] = (tally.denied[code] ?? 0) + 1;
    tally.firstDeniedAt ??= Date.now();
    return;
  }
  tally.allowed += 1;
  tally.lastAllowedAt = Date.now();
  tally.lastAllowedAskedAt = Math.max(asked, tally.lastAllowedAskedAt ?? 0);
  if (tally.firstDeniedAt !== undefined && asked > tally.firstDeniedAt) tally.readmitted += 1;
}

function tell(message: FromWorker): void {
  process.send?.(message);
}

process.on('message', (message: ToWorker) => {
  if (message.kind === 'report') {
    tell({ kind: 'report', callers: Object.fromEntries(tallies) });
    return;
  }
  if (message.kind === 'aim') {
    aim = message.name;
    return;
  }
  work(message).catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exitCode = 1;
    process.disconnect();
  });
});
// If the parent is killed, the worker ends too. Otherwise its timer would keep it running.
process.on('disconnect', () => {
  process.kill(process.pid, 'SIGKILL');
});
