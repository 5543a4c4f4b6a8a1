import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Azurite, type BlockBlobClient, azuriteFolder } from './azurite.js';
import { type Ended, cleanEnvironment, collect, root } from './certgate.js';
import { makeOpensslCertificate } from './openssl.js';
import type { CallerTally } from './trust-worker-protocol.js';
import { type TrustWorker, startTrustWorkers } from './trust-workers.js';

/** A caller that is never disabled and must never be refused. */
export const bystander = 'bystander';

export interface RevocationStage {
  readonly workers: readonly TrustWorker[];
  readonly blob: BlockBlobClient;
  readonly victims: readonly string[];
  /** Runs `certgate trust disable` as a user does. */
  disable(name: string): Promise<void>;
  stop(): Promise<void>;
}

export interface RevocationOptions {
  /** The folder for the certificates that openssl makes. */
  readonly folder: string;
  readonly workerCount: number;
  /**
   * How many callers can be disabled. Each is disabled once and never enabled again, so there is one for each
   * repetition.
   */
  readonly victimCount: number;
  readonly refreshIntervalSeconds: number;
  readonly requestsPerSecond: number;
  /** The endpoint where the workers read. The storage itself if absent. */
  readonly endpoint?: string;
}

let stages = 0;

/** Starts processes under load that all read one blob of a real Azurite. The real tool changes that blob. */
export async function createRevocationStage(azurite: Azurite, options: RevocationOptions): Promise<RevocationStage> {
  const { folder, workerCount, victimCount, refreshIntervalSeconds, requestsPerSecond } = options;
  const victims = Array.from({ length: victimCount }, (_, index) => `victim-${index + 1}`);
  const callers = [bystander, ...victims].map((name) => ({ name, ...makeOpensslCertificate(folder, name, 'ec') }));
  const document = {
    schemaVersion: 1,
    revision: 1,
    identities: callers.map(({ name, thumbprintSha256 }) => ({
      name,
      roles: ['reader'],
      pins: [{ thumbprintSha256 }],
    })),
  };
  stages += 1;
  const containerName = `revocation-${stages}`;
  const container = azurite.connect().getContainerClient(containerName);
  await container.create();
  const blob = container.getBlockBlobClient('trust.json');
  const text = JSON.stringify(document);
  await blob.upload(text, text.length);
  const workers = await startTrustWorkers(workerCount, {
    blobUrl: `${options.endpoint ?? azurite.endpoint}/${containerName}/trust.json`,
    account: azurite.account,
    key: azurite.key,
    refreshIntervalSeconds,
    readTimeoutSeconds: 10,
    requestsPerSecond,
    headers: Object.fromEntries(
      callers.map(({ name, certificateFile }) => [
        name,
        readFileSync(certificateFile, 'utf8').replace(/-----[^-]+-----|\s/g, ''),
      ]),
    ),
  });
  return {
    workers,
    blob,
    victims,
    disable: (name) => disableByTool(azurite, blob.url, name),
    stop: async () => {
      await Promise.all(workers.map((worker) => worker.kill()));
    },
  };
}

async function disableByTool({ key }: Azurite, url: string, name: string): Promise<void> {
  const script = join(root, 'packages', 'certgate', 'bin', 'certgate.js');
  const args = [script, 'trust', 'disable', name, '--store', `blob:${url}`, '--reason', 'key reported stolen'];
  // The tool runs in Azurite's folder, where it finds the SDK as in a user's project.
  const env = { ...cleanEnvironment(), AZURE_STORAGE_KEY: key };
  const child: ChildProcess = spawn(process.execPath, [...args, '--by', 'test'], { cwd: azuriteFolder, env });
  const { exitCode, stdout, stderr }: Ended = await collect(child);
  assert.equal(exitCode, 0, `trust disable ${name}: ${stdout}${stderr}`);
}

export interface Revocation {
  readonly name: string;
  /** Milliseconds from the end of `trust disable` to the answer of the last admitted request, over all processes. */
  readonly afterEndMilliseconds: number;
  /** Milliseconds from before the tool was started to the answer of the last admitted request, over all processes. */
  readonly afterStartMilliseconds: number;
}

/** Disables one victim, and waits until every process refuses it. Throws after a minute, or if an answer is wrong. */
export async function revoke(stage: RevocationStage, name: string): Promise<Revocation> {
  const { workers } = stage;
  for (const worker of workers) worker.aim(name);
  const before = await waitForTallies(workers, name, ({ allowed }) => allowed >= 20);
  for (const { denied } of before) assert.deepEqual(denied, {}, `${name} was refused before it was disabled`);
  const startedAt = Date.now();
  await stage.disable(name);
  const endedAt = Date.now();
  const after = await waitForTallies(workers, name, ({ denied }) => (denied['identity_disabled'] ?? 0) >= 20);
  const lastAllowedAt = Math.max(...after.map((tally) => tally.lastAllowedAt ?? 0));
  for (const { firstDeniedAt } of after) {
    assert.ok(firstDeniedAt !== undefined && firstDeniedAt >= startedAt, `${name} was refused before it was disabled`);
  }
  return {
    name,
    afterEndMilliseconds: lastAllowedAt - endedAt,
    afterStartMilliseconds: lastAllowedAt - startedAt,
  };
}

async function waitForTallies(
  workers: readonly TrustWorker[],
  name: string,
  isEnough: (tally: CallerTally) => boolean,
): Promise<readonly CallerTally[]> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    const reports = await Promise.all(workers.map((worker) => worker.report()));
    const tallies = reports.flatMap((callers) => callers[name] ?? []);
    if (tallies.length === workers.length && tallies.every(isEnough)) return tallies;
    if (performance.now() > deadline) throw new Error(`${name} after a minute: ${JSON.stringify(tallies)}`);
    await delay(25);
  }
}

/** The number of all requests. Throws if any answer was wrong. */
export async function expectNoWrongAnswer(stage: RevocationStage): Promise<{ readonly requests: number }> {
  const reports = await Promise.all(stage.workers.map((worker) => worker.report()));
  let requests = 0;
  for (const callers of reports) {
    for (const [name, { allowed, denied, readmitted }] of Object.entries(callers)) {
      const refused = Object.values(denied).reduce((sum, count) => sum + count, 0);
      requests += allowed + refused;
      assert.equal(readmitted, 0, `${name} was let in again`);
      const codes = Object.keys(denied).filter((code) => name === bystander || code !== 'identity_disabled');
      assert.deepEqual(codes, [], `${name} was answered ${JSON.stringify(denied)}`);
    }
  }
  return { requests };
}
