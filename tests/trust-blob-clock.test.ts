import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { RefreshOptions, TrustStore } from '@certgate/core';
import type * as blobSource from '../packages/core/dist/esm/trust-sources/blob-source.js';
import type * as refreshingStore from '../packages/core/dist/esm/trust-store/refreshing-store.js';
import { type Azurite, shareAzurite } from './test-support/azurite.js';
import { type BlobStage, createBlobStage } from './test-support/blob-stage.js';
import { root } from './test-support/certgate.js';
import { answerStatus } from './test-support/storage-proxy.js';
import {
  type Traffic,
  type TrustScene,
  afterDisabling,
  beforeDisabling,
  createTraffic,
  createTrustScene,
  unavailable,
} from './test-support/trust-scene.js';

// No package exports them: users have no clock to give.
const core = join(root, 'packages', 'core', 'dist', 'esm');
const { createBlobSource } = (await import(
  pathToFileURL(join(core, 'trust-sources', 'blob-source.js')).href
)) as typeof blobSource;
const { RefreshingTrustStore } = (await import(
  pathToFileURL(join(core, 'trust-store', 'refreshing-store.js')).href
)) as typeof refreshingStore;

const temporary = mkdtempSync(join(tmpdir(), 'certgate-blob-clock-'));
const scene: TrustScene = createTrustScene(temporary);
let azurite: Azurite;

before(async () => {
  azurite = await shareAzurite();
});
after(() => {
  rmSync(temporary, { recursive: true, force: true });
});

const hour = 3_600_000;
/** No read in a test's life but for what the clocks say. */
const hourly: RefreshOptions = {
  refreshIntervalSeconds: 3_600,
  maximumStalenessSeconds: 86_400,
  readTimeoutSeconds: 60,
};

interface ClockStage extends BlobStage {
  /** How far the two clocks were moved, in milliseconds. */
  readonly moved: { wall: number; monotonic: number };
  readonly clocked: TrustStore;
  readonly calls: Traffic;
}

async function createStage(context: TestContext): Promise<ClockStage> {
  const stage = await createBlobStage(context, azurite, scene, { client: { retryOptions: { maxTries: 1 } } });
  const moved = { wall: 0, monotonic: 0 };
  const clock = {
    wall: () => Date.now() + moved.wall,
    monotonic: () => performance.now() + moved.monotonic,
  };
  const clocked = new RefreshingTrustStore(createBlobSource(stage.client), hourly, clock);
  await clocked.start();
  const calls = createTraffic(scene, clocked);
  await calls.round(beforeDisabling);
  return { ...stage, moved, clocked, calls };
}

describe('a clock that moves under a store in a blob', () => {
  const moves = [
    ['the wall clock is set forward', { wall: 3 * hour }],
    ['the wall clock is set back', { wall: -24 * hour }],
    ['the wall clock is set back while the machine slept', { wall: -2 * hour, monotonic: 3 * hour }],
    ['the wall clock stands still, the other goes on', { monotonic: 3 * hour }],
    ['both go on, for the machine slept', { wall: 3 * hour, monotonic: 3 * hour }],
  ] as const;
  for (const [name, move] of moves) {
    it(`${name}: the very next request is decided by what the storage says now`, async (t) => {
      const stage = await createStage(t);
      await stage.write(scene.text(2, ['reporting']));
      await stage.calls.round(beforeDisabling);
      Object.assign(stage.moved, move);
      for (let round = 0; round < 10; round += 1) await stage.calls.round(afterDisabling);
    });
  }

  it('set forward while the storage fails: the last good document within its limit, then 503, then what is new', async (t) => {
    const stage = await createStage(t);
    const { proxy, moved, calls, clocked } = stage;
    proxy.fault = answerStatus(500, 'InternalError');
    await stage.write(scene.text(2, ['reporting']));
    moved.wall = 3 * hour;
    for (let round = 0; round < 10; round += 1) await calls.round(beforeDisabling);
    assert.match(clocked.report?.().fault ?? '', /500/);
    moved.wall = 25 * hour;
    for (let round = 0; round < 10; round += 1) await calls.round(unavailable);
    proxy.fault = undefined;
    moved.wall = 28 * hour;
    for (let round = 0; round < 10; round += 1) await calls.round(afterDisabling);
    // Set right again: what was learned since isn't lost, and nobody comes back.
    moved.wall = 0;
    for (let round = 0; round < 10; round += 1) await calls.round(afterDisabling);
    assert.equal(clocked.report?.().fault, undefined);
  });
});
