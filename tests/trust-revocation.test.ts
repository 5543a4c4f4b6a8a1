import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type Azurite, shareAzurite } from './test-support/azurite.js';
import {
  type RevocationOptions,
  type RevocationStage,
  bystander,
  createRevocationStage,
  expectNoWrongAnswer,
  revoke,
} from './test-support/revocation.js';
import { type StorageProxy, startStorageProxy } from './test-support/storage-proxy.js';
import type { TrustWorker } from './test-support/trust-workers.js';

const temporary = mkdtempSync(join(tmpdir(), 'certgate-revocation-'));
let azurite: Azurite;

before(async () => {
  azurite = await shareAzurite();
});
after(() => {
  rmSync(temporary, { recursive: true, force: true });
});

async function createStage(context: TestContext, options: Partial<RevocationOptions>): Promise<RevocationStage> {
  const stage = await createRevocationStage(azurite, {
    folder: mkdtempSync(join(temporary, 'stage-')),
    workerCount: 2,
    victimCount: 1,
    refreshIntervalSeconds: 0.3,
    requestsPerSecond: 200,
    ...options,
  });
  context.after(() => stage.stop());
  return stage;
}

describe('trust disable', () => {
  // bench/revocation.mjs measures how fast this is. A test must not fail because the machine is busy.
  it('makes eight processes under load refuse the caller for good, and nobody else', async (t) => {
    const stage = await createStage(t, { workerCount: 8, victimCount: 3, refreshIntervalSeconds: 1 });
    for (const victim of stage.victims) await revoke(stage, victim);
    // Waits for more refresh intervals, in which no process may admit the caller again.
    await delay(2_500);
    const { requests } = await expectNoWrongAnswer(stage);
    assert.ok(requests > 1_000, `only ${requests} requests`);
  });
});

// Windows has no signals that stop and continue a process.
if (process.platform !== 'win32') {
  describe('a process that was stopped for ten refresh intervals', () => {
    it('refuses, at the first request, a caller that was disabled meanwhile', async (t) => {
      const stage = await createStage(t, {});
      const [frozen] = await startCalling(stage);
      await frozen.freeze();
      const frozenAt = Date.now();
      await stage.disable('victim-1');
      await delay(3_000);
      frozen.thaw();
      await expectRefusedSince(frozen, frozenAt);
      await expectNoWrongAnswer(stage);
    });

    it('refuses such a caller even if it was stopped in the middle of a read', async (t) => {
      const proxy = await startStorageProxy(azurite.endpoint);
      t.after(() => proxy.close());
      const stage = await createStage(t, { endpoint: proxy.endpoint, workerCount: 1 });
      const [frozen] = await startCalling(stage);
      const held = await holdNextAnswer(proxy);
      await frozen.freeze();
      const frozenAt = Date.now();
      // When the process continues, the answer that it gets is older than the change.
      held.release();
      await stage.disable('victim-1');
      await delay(3_000);
      frozen.thaw();
      await expectRefusedSince(frozen, frozenAt);
      await expectNoWrongAnswer(stage);
    });
  });
}

async function startCalling({ workers }: RevocationStage): Promise<readonly [TrustWorker]> {
  const [worker] = workers;
  assert.ok(worker !== undefined);
  worker.aim('victim-1');
  await waitFor(worker, async () => ((await worker.report())['victim-1']?.allowed ?? 0) >= 20);
  return [worker];
}

/**
 * Waits until the worker has refused the victim often enough and admitted the bystander again. Checks that it admitted
 * no request of the victim that was sent after `moment`.
 */
async function expectRefusedSince(worker: TrustWorker, moment: number): Promise<void> {
  await waitFor(worker, async () => {
    const callers = await worker.report();
    const isRefused = (callers['victim-1']?.denied['identity_disabled'] ?? 0) >= 20;
    return isRefused && (callers[bystander]?.lastAllowedAskedAt ?? 0) > moment;
  });
  const { 'victim-1': victim } = await worker.report();
  assert.ok(victim?.lastAllowedAskedAt !== undefined && victim.lastAllowedAskedAt <= moment, JSON.stringify(victim));
}

async function waitFor(worker: TrustWorker, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!(await isSo())) {
    assert.ok(performance.now() < deadline, `not within a minute: ${JSON.stringify(await worker.report())}`);
    await delay(20);
  }
}

/** Resolves when the storage has answered a read. The proxy keeps this answer until `release` is called. */
function holdNextAnswer(proxy: StorageProxy): Promise<{ readonly release: () => void }> {
  return new Promise((resolve) => {
    proxy.fault = async ({ response, ask }) => {
      proxy.fault = undefined;
      const answer = await ask();
      await new Promise<void>((release) => {
        resolve({ release });
      });
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    };
  });
}
