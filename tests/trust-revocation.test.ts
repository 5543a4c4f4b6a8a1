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
  // How fast it is, is measured by bench/revocation.mjs: a test must not fail since the machine is busy.
  it('reaches eight processes under load: each refuses the caller for good, and nobody else', async (t) => {
    const stage = await createStage(t, { workerCount: 8, victimCount: 3, refreshIntervalSeconds: 1 });
    for (const victim of stage.victims) await revoke(stage, victim);
    // Some more intervals, in which nobody comes back.
    await delay(2_500);
    const { requests } = await expectNoWrongAnswer(stage);
    assert.ok(requests > 1_000, `only ${requests} requests`);
  });
});

// Windows has no signal that stops a process and lets it go on.
if (process.platform !== 'win32') {
  describe('a process that stood still for ten intervals', () => {
    it('refuses a since disabled caller at its first request', async (t) => {
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

    it('and so it does when it was frozen in the middle of a read', async (t) => {
      const proxy = await startStorageProxy(azurite.endpoint);
      t.after(() => proxy.close());
      const stage = await createStage(t, { endpoint: proxy.endpoint, workerCount: 1 });
      const [frozen] = await startCalling(stage);
      const held = await holdNextAnswer(proxy);
      await frozen.freeze();
      const frozenAt = Date.now();
      // What waits for the process when it wakes is an answer from before.
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

/** No request that was asked since then was let in, and enough were asked; the bystander's were let in. */
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

/** Resolves when a read is under way and the storage has answered it; the answer stays here until it is released. */
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
